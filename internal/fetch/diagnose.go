package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Roles asks for a token for Graph and returns the application permissions that it names. They are for people to see:
// nothing is decided by them, as nobody has checked who signed the token.
func (c *Client) Roles(ctx context.Context) (roles []string, err error) {
	token, err := c.Token(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	var claims struct{ Roles []string }
	if parts := strings.Split(token, "."); len(parts) == 3 {
		text, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(text, &claims) // a token that is not to be read says nothing
	}
	for _, role := range claims.Roles {
		if name := identifier(role); name != "" {
			roles = append(roles, name)
		}
	}
	return roles, nil
}

// Probe asks an endpoint for the rows of a minute, or of the last whole day where rows are sums over days, and returns
// how long the answer took. It counts toward the limits like any request.
func (c *Client) Probe(ctx context.Context, e Endpoint, api string) (took time.Duration, err error) {
	to := c.Clock().Add(-time.Hour).Truncate(time.Minute)
	w := Window{to.Add(-time.Minute), to}
	if e.Aggregate {
		w = Window{to.Truncate(day).Add(-day), to.Truncate(day)}
	}
	start := c.local.Now()
	_, err = c.page(ctx, c.listRequest(e, api, w, nil))
	return c.local.Now().Sub(start), err
}

// UntrustedIssuer is who signed the certificate that was not trusted; empty if that was not the cause.
func (e *Error) UntrustedIssuer() string {
	failed, ok := errors.AsType[*tls.CertificateVerificationError](e.Err)
	if !ok || len(failed.UnverifiedCertificates) == 0 {
		return ""
	}
	return clean(failed.UnverifiedCertificates[0].Issuer.CommonName)
}

// KnowsTenant asks the login authority of a cloud, without credentials, whether it knows a tenant.
func KnowsTenant(ctx context.Context, loginURL, tenant string, roots *x509.CertPool) (bool, error) {
	client := http.Client{Transport: NewTransport(roots), CheckRedirect: notFollowed, Timeout: tokenTimeout}
	defer client.CloseIdleConnections()
	address := loginURL + "/" + url.PathEscape(tenant) + "/v2.0/.well-known/openid-configuration"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return false, unanswered(err)
	}
	answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return true, nil
	case http.StatusBadRequest, http.StatusNotFound:
		return false, nil
	}
	return false, fmt.Errorf("%s answers %s", identifier(request.URL.Host), answer.Status)
}

// clean makes a name from outside fit for one line.
func clean(text string) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' {
			return -1
		}
		return r
	}, text[:min(len(text), 80)]), "")
}
