package fetch

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"golang.org/x/sync/singleflight"
)

const (
	whatToken    = "access token"
	maxTokenBody = 1 << 20         // an answer of Entra takes a few kilobytes; MSAL itself reads without bound
	tokenMargin  = 2 * time.Minute // a token is not used in the last minutes of its life: a request may take as long
	tokenTimeout = 30 * time.Second
)

// tokens holds the app's token for Graph and renews it, for all requests at once.
type tokens struct {
	authority string
	clientID  string
	scope     string
	host      string
	secret    func() (string, error)
	http      *http.Client
	retrier   *retrier
	clock     Clock

	flights singleflight.Group
	mu      sync.Mutex
	value   string
	expires time.Time
}

func newTokens(o Options, graph *url.URL, transport loginOnly, retrier *retrier) *tokens {
	return &tokens{
		authority: transport.login.String() + "/" + url.PathEscape(o.TenantID),
		clientID:  o.ClientID,
		scope:     graph.String() + "/.default",
		host:      transport.login.Host,
		secret:    o.Secret,
		http:      &http.Client{Transport: transport, CheckRedirect: notFollowed, Timeout: tokenTimeout},
		retrier:   retrier,
		clock:     retrier.clock,
	}
}

// get returns a token that is valid for a while and is not the one Graph has rejected. Callers that need a new token at
// the same time share one renewal. It goes on when one of them gives up.
func (t *tokens) get(ctx context.Context, rejected string) (string, error) {
	if token, ok := t.usable(rejected); ok {
		return token, nil
	}
	renewal := t.flights.DoChan(rejected, func() (any, error) {
		return t.renew(context.WithoutCancel(ctx), rejected)
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case result := <-renewal:
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(string), nil
	}
}

func (t *tokens) usable(rejected string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value, t.value != "" && t.value != rejected && t.clock.until(t.expires) > tokenMargin
}

func (t *tokens) renew(ctx context.Context, rejected string) (string, error) {
	if token, ok := t.usable(rejected); ok { // another renewal ended just before
		return token, nil
	}
	var result confidential.AuthResult
	err := t.retrier.do(ctx, []scope{scopeToken}, nil, func() (err error) {
		result, err = t.acquire(ctx)
		return err
	})
	if failure, ok := errors.AsType[*Error](err); ok {
		failure.What, failure.Host = whatToken, t.host
	}
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	life := machine.until(result.ExpiresOn) // MSAL goes by the machine's clock
	t.value, t.expires = result.AccessToken, t.clock.Now().Add(life)
	return t.value, nil
}

// acquire asks Entra with a new MSAL client each time: its cache cannot be told to forget a rejected token or an old
// secret.
func (t *tokens) acquire(ctx context.Context) (confidential.AuthResult, error) {
	secret, err := t.secret()
	if err != nil {
		return confidential.AuthResult{}, &Error{Kind: Denied, Hint: hintSecret, Err: err}
	}
	credential, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		return confidential.AuthResult{}, &Error{Kind: Denied, Hint: hintSecret, Message: "the client secret is empty"}
	}
	app, err := confidential.New(t.authority, t.clientID, credential,
		confidential.WithHTTPClient(t.http),
		confidential.WithInstanceDiscovery(false),              // it would ask a host that private clouds do not reach
		confidential.WithAzureRegion("DisableMsalForceRegion")) // no other host because of an environment variable
	if err != nil {
		return confidential.AuthResult{}, &Error{Kind: Refused, Hint: hintLogin, Message: "login_url is not usable"}
	}
	result, err := app.AcquireTokenByCredential(ctx, []string{t.scope})
	if err != nil {
		return confidential.AuthResult{}, tokenFailure(err, t.clock)
	}
	return result, nil
}

// loginOnly keeps the secret at the configured host: where MSAL posts it is what a discovery document says.
type loginOnly struct {
	transport http.RoundTripper
	login     *url.URL
	answered  func(http.Header) // told of every answer
}

func (l loginOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if !sameOrigin(r.URL, l.login) {
		message := "Entra's discovery document leads to host " + clean(r.URL.Host)
		return nil, &Error{Kind: Refused, Hint: hintLogin, Message: message}
	}
	resp, err := l.transport.RoundTrip(r)
	if err == nil {
		l.answered(resp.Header)
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxTokenBody)
	}
	return resp, err
}
