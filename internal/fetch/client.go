package fetch

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"
)

// Options say whose logs are read, and where.
type Options struct {
	TenantID   string // Entra tenant
	ClientID   string // the app registration; empty: the managed identity of the system
	Credential Credential
	GraphURL   string          // https://graph.microsoft.com, or the cloud's own
	LoginURL   string          // https://login.microsoftonline.com, or the cloud's own
	RootCAs    *x509.CertPool  // nil: the system's
	Transport  *http.Transport // from NewTransport, for several clients with the same roots; nil: one of its own
	Limits     Limits
	Hasty      bool        // repeats no request: for a person who waits to learn what is wrong
	Clock      Clock       // zero: the machine's
	Log        *zap.Logger // nil: silent
	Observer   Observer    // nil: none
}

// Client asks Graph on behalf of one tenant, with one token, one set of limiters and one clock. It is safe for
// concurrent use.
type Client struct {
	graph   *url.URL
	scope   string // of its tokens
	http    *http.Client
	bodies  bodies
	tokens  *tokens
	retrier *retrier
	local   Clock      // of this machine
	clock   graphClock // as far as answers have told it
	agent   string
	timeout time.Duration // for one attempt, to the last byte of its answer
}

// New checks the options. It opens no connection.
func New(o Options) (*Client, error) {
	graph, err := origin("graph_url", o.GraphURL)
	if err != nil {
		return nil, err
	}
	login, err := origin("login_url", o.LoginURL)
	if err != nil {
		return nil, err
	}
	if o.TenantID == "" || o.Credential.kind == "" || o.ClientID == "" && o.Credential.kind != kindManaged {
		return nil, errors.New("tenant id, client id and a credential are needed to ask Graph")
	}
	if err := o.Limits.validate(); err != nil {
		return nil, err
	}
	local, err := o.Clock.orMachine()
	if err != nil {
		return nil, err
	}
	if o.Transport == nil {
		o.Transport = NewTransport(o.RootCAs)
	}
	log := cmp.Or(o.Log, zap.NewNop())
	retrier := &retrier{
		limiter: newLimiter(o.Limits, local), observe: cmp.Or[Observer](o.Observer, unobserved{}),
		clock: local, base: time.Second, log: log, hasty: o.Hasty,
	}
	c := &Client{
		graph:   graph,
		scope:   graph.String() + "/.default",
		http:    &http.Client{Transport: o.Transport, CheckRedirect: notFollowed},
		bodies:  bodies{max: maxBody},
		retrier: retrier,
		local:   local,
		agent:   userAgent(),
		timeout: 2 * time.Minute,
	}
	c.tokens = newTokens(newIssuer(o, loginOnly{o.Transport, login, c.witness}, local), retrier)
	return c, nil
}

// maxIdle is how many connections are kept for the next request, as many as are in flight. Of several clients they are
// kept together, so they do not grow with the tenants.
const maxIdle = 128

// NewTransport speaks HTTP/1.1 only, as a transport with its own TLS settings does: with a connection for each request
// in flight one that breaks costs one request, "a new connection" after 503 means something, and it is as fast.
func NewTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: connected,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle, // the default of 2 would dial for nearly every request
		IdleConnTimeout:        90 * time.Second,
	}
}

// connected takes a proxy's answer to CONNECT.
func connected(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return errProxy{resp.StatusCode}
	}
	return nil
}

func notFollowed(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func userAgent() string {
	version := "unknown"
	if build, ok := debug.ReadBuildInfo(); ok {
		version = cmp.Or(strings.Trim(build.Main.Version, "()"), version)
	}
	return "ingestd/" + version
}

// request is one GET, or what method says.
type request struct {
	method string   // empty: GET
	send   []byte   // its body, JSON; nil: none
	url    string   // absolute
	scopes []scope  // what it is counted against
	prefer []string // values of the header Prefer
	what   string   // endpoint and window in words, for errors
	usage  *Usage   // of the run, may be nil

	names  bool                    // the elements of the list only name what is read elsewhere
	hold   *Reservation            // of the memory that the body takes; nil: not counted
	accept func(body []byte) error // refuses a body that is not what was asked for; nil takes any
}

// response is a complete answer with status 200, or 201 or 204 where that is success.
type response struct {
	body      []byte    // decompressed
	asked     time.Time // on Graph's clock, never later than the true time
	served    time.Time // on Graph's clock
	requestID string
}

// get asks until it has a complete answer with status 200. It fails with an *Error, or with ctx.
func (c *Client) get(ctx context.Context, r request) (*response, error) {
	u, err := gate(c.graph, r.url)
	if err != nil {
		return nil, &Error{Kind: Refused, What: r.what, Host: c.graph.Host, Hint: hintRefused, Err: err}
	}
	if err := r.hold.Grow(ctx, bodyChunk); err != nil {
		return nil, err
	}
	resp, err := c.authorized(ctx, r, u)
	if err != nil {
		r.hold.shrink(bodyChunk)
	}
	return resp, err
}

// authorized asks with a token, and once with another if that is rejected by 401.
func (c *Client) authorized(ctx context.Context, r request, u *url.URL) (*response, error) {
	for rejected := ""; ; {
		token, err := c.tokens.get(ctx, c.scope, rejected)
		if err != nil {
			return nil, err
		}
		var resp *response
		err = c.retrier.do(ctx, r.scopes, r.usage, func() (err error) {
			resp, err = c.attempt(ctx, r, u, token)
			return err
		})
		failure, ok := errors.AsType[*Error](err)
		if !ok {
			return resp, err
		}
		if failure.Kind != Denied || failure.Status != http.StatusUnauthorized || rejected != "" {
			failure.What, failure.Host = r.what, c.graph.Host
			return nil, failure
		}
		rejected = token
	}
}
