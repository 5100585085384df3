package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
)

const (
	maxTokenBody = 1 << 20 // an answer of Entra takes a few kilobytes; MSAL itself reads without bound
	tokenTimeout = 30 * time.Second
)

// issuer asks for tokens through MSAL. It keeps none.
type issuer struct {
	authority  string
	clientID   string
	credential Credential
	entra      *http.Client
	machine    *http.Client // for Azure's endpoints on this machine
	clock      Clock
	last       atomic.Pointer[proof]
}

func newIssuer(o Options, entra loginOnly, clock Clock) *issuer {
	local := o.Transport.Clone()
	local.Proxy = nil // a proxy would ask another machine
	return &issuer{
		authority:  entra.login.String() + "/" + url.PathEscape(o.TenantID),
		clientID:   o.ClientID,
		credential: o.Credential,
		entra:      &http.Client{Transport: entra, CheckRedirect: notFollowed, Timeout: tokenTimeout},
		machine:    &http.Client{Transport: bounded{local}, CheckRedirect: notFollowed, Timeout: tokenTimeout},
		clock:      clock,
	}
}

// place is who gives the tokens.
func (i *issuer) place() string {
	if i.credential.kind == kindManaged {
		return "this machine's managed identity"
	}
	u, _ := url.Parse(i.authority)
	return u.Host
}

// acquire asks for one token.
func (i *issuer) acquire(ctx context.Context, scope string) (confidential.AuthResult, error) {
	if i.credential.kind == kindManaged {
		return i.acquireManaged(ctx, scope)
	}
	used, err := i.readProof(ctx)
	if err != nil {
		return confidential.AuthResult{}, err
	}
	result, err := i.present(ctx, used, scope)
	if !isClientRefused(err) {
		return result, err
	}
	// The file may have been replaced since it was read.
	if newer, readErr := i.credential.read(); readErr == nil && newer.sum != used.sum {
		i.last.Store(&newer)
		return i.present(ctx, newer, scope)
	}
	return result, err
}

// readProof reads the credential, and once more after a second if that fails: it may be half written.
func (i *issuer) readProof(ctx context.Context) (proof, error) {
	read, err := i.credential.read()
	if err != nil {
		if err := i.clock.sleep(ctx, time.Second); err != nil {
			return proof{}, err
		}
		read, err = i.credential.read()
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", i.credential.kind, err)
		return proof{}, &Error{Kind: Denied, cause: secretUnreadable, Hint: hintUnreadable, Err: err}
	}
	i.last.Store(&read)
	return read, nil
}

// present asks Entra with a new MSAL client each time: its cache cannot be told to forget a rejected token or an old
// credential.
func (i *issuer) present(ctx context.Context, p proof, scope string) (confidential.AuthResult, error) {
	client, err := confidential.New(i.authority, i.clientID, p.msal,
		confidential.WithHTTPClient(i.entra),
		confidential.WithX5C(),                                 // for apps that trust a certificate's subject
		confidential.WithInstanceDiscovery(false),              // it would ask a host that private clouds do not reach
		confidential.WithAzureRegion("DisableMsalForceRegion")) // no other host because of an environment variable
	if err != nil {
		return confidential.AuthResult{}, &Error{Kind: Refused, cause: cloudWrong, Hint: hintLogin, Err: errLoginURL}
	}
	result, err := client.AcquireTokenByCredential(ctx, []string{scope})
	if err != nil {
		return confidential.AuthResult{}, i.refusal(err, p)
	}
	return result, nil
}

// acquireManaged asks Azure's endpoint on this machine, App Service's or the one of virtual machines; which it is MSAL
// reads from the environment. With claims, which it does not send, MSAL does not look into its cache.
func (i *issuer) acquireManaged(ctx context.Context, scope string) (confidential.AuthResult, error) {
	id := managedidentity.SystemAssigned()
	if i.clientID != "" {
		id = managedidentity.UserAssignedClientID(i.clientID)
	}
	client, err := managedidentity.New(id,
		managedidentity.WithHTTPClient(i.machine),
		managedidentity.WithRetryPolicyDisabled())
	if err != nil {
		failure := &Error{Kind: Denied, cause: secretUnreadable, Hint: hintManaged, Err: errNoIdentity}
		return confidential.AuthResult{}, failure
	}
	result, err := client.AcquireToken(ctx, scope, managedidentity.WithClaims("{}"))
	if err != nil {
		return confidential.AuthResult{}, managedFailure(err, i.clock)
	}
	return result, nil
}

// loginOnly keeps the credential at the configured host: where MSAL posts it is what a discovery document says.
type loginOnly struct {
	transport http.RoundTripper
	login     *url.URL
	answered  func(http.Header) // told of every answer
}

func (l loginOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if !sameOrigin(r.URL, l.login) {
		return nil, &Error{Kind: Refused, cause: answerNotGraph, Hint: hintLogin, Err: errElsewhere}
	}
	resp, err := bounded{l.transport}.RoundTrip(r)
	if err == nil {
		l.answered(resp.Header)
	}
	return resp, err
}

// bounded ends an answer that is larger than any token.
type bounded struct{ transport http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.transport.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxTokenBody)
	}
	return resp, err
}
