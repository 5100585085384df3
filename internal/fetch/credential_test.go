package fetch

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ingestd/internal/graphsim"
)

// A keyring is a simulated tenant and the file in which a client finds its credential.
type keyring struct {
	*testing.T
	sim  *graphsim.Server
	path string
}

func newKeyring(t *testing.T) keyring {
	t.Helper()
	sim, err := graphsim.Start(graphsim.Config{CallsPerDay: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	return keyring{t, sim, filepath.Join(t.TempDir(), "credential")}
}

// write replaces the file as a whole.
func (k keyring) write(text string) {
	k.Helper()
	next := k.path + ".new"
	if err := errors.Join(os.WriteFile(next, []byte(text), 0o600), os.Rename(next, k.path)); err != nil {
		k.Fatal(err)
	}
}

func (k keyring) text() (string, error) {
	data, err := os.ReadFile(k.path)
	return string(data), err
}

// certificate reads a file of NewCertificate.
func (k keyring) certificate() ([]*x509.Certificate, *rsa.PrivateKey, error) {
	data, err := os.ReadFile(k.path)
	if err != nil {
		return nil, nil, err
	}
	first, rest := pem.Decode(data)
	second, _ := pem.Decode(rest)
	certificate, err := x509.ParseCertificate(first.Bytes)
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParsePKCS1PrivateKey(second.Bytes)
	return []*x509.Certificate{certificate}, key, err
}

func (k keyring) client(clientID string, credential Credential) *Client {
	k.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(k.sim.CAPEM())
	many := Limit{100_000, time.Second}
	c, err := New(Options{
		TenantID: graphsim.TenantID, ClientID: clientID, Credential: credential,
		GraphURL: k.sim.GraphURL(), LoginURL: k.sim.LoginURL(), RootCAs: roots,
		Limits: Limits{many, many, many, many, many},
	})
	if err != nil {
		k.Fatal(err)
	}
	k.Cleanup(c.http.CloseIdleConnections)
	c.retrier.base = time.Millisecond
	return c
}

// askAnything is a request that needs a token.
func (c *Client) askAnything(ctx context.Context) error {
	_, err := c.get(ctx, c.to("/v1.0/communications/callRecords"))
	return err
}

// rotating are the kinds that are read from a file.
var rotating = map[string]struct {
	credential func(keyring) Credential
	next       func(keyring) string // makes Entra take another one, and no longer the one before
}{
	kindSecret: {
		func(k keyring) Credential { return ClientSecret(k.text) },
		func(k keyring) string {
			secret := "simulated~Secret." + time.Now().Format("150405.000000000")
			k.sim.SetSecret(secret)
			return secret
		},
	},
	kindCertificate: {
		func(k keyring) Credential { return Certificate(k.certificate) },
		func(k keyring) string { return string(k.sim.NewCertificate(time.Now().Add(time.Hour))) },
	},
	kindFederated: {
		func(k keyring) Credential { return FederatedToken(k.text) },
		func(k keyring) string { return k.sim.NewFederatedToken(time.Hour) },
	},
}

// No request is lost while a credential is replaced again and again: each new one is taken up for the next token, also
// where Entra refuses the one before while it is being presented.
func TestCredentialsRotate(t *testing.T) {
	t.Parallel()
	for kind, test := range rotating {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			k := newKeyring(t)
			k.write(test.next(k))
			c := k.client(graphsim.ClientID, test.credential(k))
			for range 5 {
				if err := c.askAnything(t.Context()); err != nil { // so that a good token is held
					t.Fatal(err)
				}
				var running sync.WaitGroup
				for range 4 {
					running.Go(func() {
						for range 5 {
							if err := c.askAnything(t.Context()); err != nil {
								t.Error(err)
							}
						}
					})
				}
				k.write(test.next(k))
				k.sim.ExpireTokens()
				running.Wait()
			}
			if got, _ := c.Credential(); got != kind {
				t.Errorf("kind %q", got)
			}
		})
	}
}

// Where Entra refuses a credential, the file is read again before that is believed.
func TestRefusedCredentialIsReadAgain(t *testing.T) {
	t.Parallel()
	for kind, test := range rotating {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			k := newKeyring(t)
			stale := test.next(k)
			k.write(stale)
			c := k.client(graphsim.ClientID, test.credential(k))
			fresh := test.next(k)
			read := c.tokens.issuer.credential.read
			var reads atomic.Int64
			c.tokens.issuer.credential.read = func() (proof, error) {
				p, err := read()
				if reads.Add(1) == 1 {
					k.write(fresh) // after it was read, and before it is presented
				}
				return p, err
			}
			if err := c.askAnything(t.Context()); err != nil {
				t.Error(err)
			}
			answers := k.sim.Requests().Answers["token"]
			if answers[401] != 1 || answers[200] != 1 || reads.Load() != 2 {
				t.Errorf("%v after %d readings", answers, reads.Load())
			}
		})
	}
}

func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Minute)
	for name, test := range map[string]struct {
		credential func(keyring) Credential
		spoil      func(keyring) string
		cause      string
	}{
		"secret, wrong": {rotating[kindSecret].credential, func(keyring) string { return canary }, secretWrong},
		"secret, expired": {rotating[kindSecret].credential, func(k keyring) string {
			k.sim.ExpireSecret()
			return graphsim.ClientSecret
		}, secretExpired},
		"certificate, not registered": {rotating[kindCertificate].credential, func(k keyring) string {
			defer k.sim.NewCertificate(time.Now().Add(time.Hour))
			return string(k.sim.NewCertificate(time.Now().Add(time.Hour)))
		}, secretWrong},
		"certificate, expired": {rotating[kindCertificate].credential, func(k keyring) string {
			return string(k.sim.NewCertificate(past))
		}, secretExpired},
		"token, not trusted": {rotating[kindFederated].credential, func(k keyring) string {
			defer k.sim.NewFederatedToken(time.Hour)
			return k.sim.NewFederatedToken(time.Hour)
		}, secretWrong},
		"token, expired": {rotating[kindFederated].credential, func(k keyring) string {
			return k.sim.NewFederatedToken(-time.Minute)
		}, secretExpired},
		"token, no token": {rotating[kindFederated].credential, func(keyring) string { return canary }, secretWrong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeyring(t)
			k.write(test.spoil(k))
			err := k.client(graphsim.ClientID, test.credential(k)).askAnything(t.Context())
			failure, ok := errors.AsType[*Error](err)
			if !ok || failure.Kind != Denied || failure.Cause() != test.cause || failure.What != whatToken {
				t.Errorf("error %v, want %s", err, test.cause)
			}
			if n := k.sim.Requests().Answers["token"][401]; n != 1 {
				t.Errorf("%d token requests, want 1", n)
			}
		})
	}
}

func TestEndOfTheCredential(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	end := time.Now().Add(20 * 24 * time.Hour).Truncate(time.Second)
	k.write(string(k.sim.NewCertificate(end)))
	c := k.client(graphsim.ClientID, Certificate(k.certificate))
	if kind, at := c.Credential(); kind != kindCertificate || !at.IsZero() {
		t.Errorf("before the first token: %s until %v", kind, at)
	}
	if err := c.askAnything(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, at := c.Credential(); !at.Equal(end) {
		t.Errorf("until %v, want %v", at, end)
	}
}

// A file that is being written when it is read is read again.
func TestHalfWrittenCredentialIsReadAgain(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	c := k.client(graphsim.ClientID, ClientSecret(k.text))
	c.tokens.issuer.clock.After = func(time.Duration) <-chan time.Time {
		k.write(graphsim.ClientSecret)
		return time.After(0)
	}
	if err := c.askAnything(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTokensForOtherScopes(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	k.write(graphsim.ClientSecret)
	c := k.client(graphsim.ClientID, ClientSecret(k.text))
	const database = "https://ossrdbms-aad.database.windows.net/.default"
	seen := map[string]bool{}
	for _, scope := range []string{c.scope, database, c.scope, database} {
		token, err := c.Token(t.Context(), scope)
		if err != nil {
			t.Fatal(err)
		}
		seen[token] = true
	}
	if n := k.sim.Requests().Answers["token"][200]; n != 2 || len(seen) != 2 {
		t.Errorf("%d token requests for %d tokens, want one for each scope", n, len(seen))
	}
	if _, err := c.Token(t.Context(), "https://elsewhere.example/.default"); KindOf(err) != Denied {
		t.Errorf("error %v, want denied", err)
	}
}

// A virtual machine is asked at its own address, without a proxy, and whatever its environment names.
func TestManagedIdentityOfAVirtualMachine(t *testing.T) {
	t.Parallel()
	for clientID, denied := range map[string]bool{"": false, graphsim.ClientID: false, graphsim.TenantID: true} {
		k := newKeyring(t)
		c := k.client(clientID, ManagedIdentity())
		c.tokens.issuer.machine.Transport = bounded{metadata{k.sim, c.http.Transport.(*http.Transport)}}
		err := c.askAnything(t.Context())
		if denied {
			failure, ok := errors.AsType[*Error](err)
			if !ok || failure.Kind != Denied || failure.Cause() != secretWrong || failure.Hint != hintManaged {
				t.Errorf("identity %q: error %v", clientID, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("identity %q: error %v", clientID, err)
		}
		k.sim.ExpireTokens() // MSAL must not give the one from its cache
		if err := c.askAnything(t.Context()); err != nil {
			t.Errorf("identity %q, again: error %v", clientID, err)
		}
		k.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.Operation == "imds" {
				return graphsim.Fault{Status: http.StatusGone}
			}
			return graphsim.Fault{}
		})
		k.sim.ExpireTokens()
		if err := c.askAnything(t.Context()); KindOf(err) != Transient {
			t.Errorf("while the identity is changed: error %v, want transient", err)
		}
	}
}

// metadata leads what is for the metadata service to a simulation.
type metadata struct {
	sim       *graphsim.Server
	transport *http.Transport
}

func (m metadata) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "http" || r.URL.Host != "169.254.169.254" {
		return nil, errors.New("not the metadata service")
	}
	to, err := url.Parse(m.sim.GraphURL())
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
	return m.transport.RoundTrip(r)
}

func TestManagedIdentityOfAnAppService(t *testing.T) {
	k := newKeyring(t)
	t.Setenv("IDENTITY_ENDPOINT", k.sim.IdentityEndpoint())
	t.Setenv("IDENTITY_HEADER", graphsim.IdentityHeader)
	c := k.client("", ManagedIdentity())
	if err := c.askAnything(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := k.sim.Requests().Answers["appService"][200]; n != 1 {
		t.Errorf("%d requests to the App Service, want 1", n)
	}
	k.sim.SetIdentity(false)
	k.sim.ExpireTokens()
	if err := c.askAnything(t.Context()); KindOf(err) != Denied {
		t.Errorf("without an identity: error %v, want denied", err)
	}
	if kind, end := c.Credential(); kind != kindManaged || !end.IsZero() {
		t.Errorf("%s until %v", kind, end)
	}
}

func TestManagedIdentityAsksNoProxy(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	c := k.client("", ManagedIdentity())
	transport := c.tokens.issuer.machine.Transport.(bounded).transport.(*http.Transport)
	if transport.Proxy != nil || transport.TLSClientConfig.MinVersion != tls.VersionTLS12 {
		t.Error("a proxy would be asked, or TLS is old")
	}
}

// A credential whose reader panics costs a request, and not the process.
func TestCredentialPanics(t *testing.T) {
	t.Parallel()
	c := newKeyring(t).client(graphsim.ClientID, ClientSecret(func() (string, error) { panic("canary") }))
	err := c.askAnything(t.Context())
	if err == nil || !strings.Contains(err.Error(), "a bug") || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v", err)
	}
}
