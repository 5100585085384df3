package graphsim

import (
	"encoding/base64"
	"encoding/pem"
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// assertion signs claims, which stand beside and instead of good ones, and a header.
func assertion(t *testing.T, header, good, claims map[string]any) string {
	t.Helper()
	all := jwt.MapClaims{"exp": time.Now().Add(time.Minute).Unix()}
	maps.Copy(all, good)
	maps.Copy(all, claims)
	token := jwt.NewWithClaims(jwt.SigningMethodPS256, all)
	maps.Copy(token.Header, header)
	signed, err := token.SignedString(signingKey())
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// A client's own library makes good assertions; these are bad in one thing each.
func TestEntraRefusesAssertions(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	type members = map[string]any
	block, _ := pem.Decode(a.NewCertificate(time.Now().Add(time.Hour)))
	x5c := []string{base64.StdEncoding.EncodeToString(block.Bytes)}
	own := members{"iss": ClientID, "sub": ClientID, "aud": a.LoginURL() + "/" + TenantID + "/oauth2/v2.0/token"}
	a.NewFederatedToken(time.Hour)
	cluster := members{"iss": FederatedIssuer, "sub": "ingestd", "aud": federatedAudience, "jti": "1"}
	past := members{"exp": time.Now().Add(-time.Minute).Unix()}
	for name, test := range map[string]struct {
		text   string
		number int
	}{
		"no JWT":               {"guess", 50027},
		"no thumbprint":        {assertion(t, members{"x5c": x5c}, own, nil), 700027},
		"no certificate":       {assertion(t, members{"x5t#S256": "x"}, own, nil), 700027},
		"expired":              {assertion(t, nil, cluster, past), 700024},
		"another's subject":    {assertion(t, nil, cluster, members{"sub": "other"}), 700213},
		"another's audience":   {assertion(t, nil, cluster, members{"aud": "https://graph.example"}), 700212},
		"another's issuer":     {assertion(t, nil, cluster, members{"iss": "https://evil.example"}), 700211},
		"a token used already": {assertion(t, nil, cluster, members{"jti": "0"}), 700211},
	} {
		t.Run(name, func(t *testing.T) {
			form := a.credentials()
			form.Del("client_secret")
			form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			form.Set("client_assertion", test.text)
			checkRefused(t, a, TenantID, form, http.StatusUnauthorized, "invalid_client", test.number)
		})
	}
	form := a.credentials()
	form.Set("client_assertion", assertion(t, nil, cluster, nil))
	checkRefused(t, a, TenantID, form, http.StatusBadRequest, "invalid_request", 900144)
}

func TestIdentityEndpointsAskForTheirHeaders(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	resource := "&resource=" + url.QueryEscape(a.GraphURL())
	const imds = "/metadata/identity/oauth2/token?api-version=2018-02-01"
	const service = "/msi/token?api-version=2019-08-01"
	for name, test := range map[string]struct {
		path   string
		header [2]string
		status int
	}{
		"virtual machine":   {imds + resource, [2]string{"Metadata", "true"}, 200},
		"without Metadata":  {imds + resource, [2]string{"Accept", "*/*"}, 400},
		"no resource":       {imds, [2]string{"Metadata", "true"}, 400},
		"another identity":  {imds + resource + "&client_id=" + TenantID, [2]string{"Metadata", "true"}, 400},
		"App Service":       {service + resource, [2]string{"X-IDENTITY-HEADER", IdentityHeader}, 200},
		"without its value": {service + resource, [2]string{"X-IDENTITY-HEADER", "guess"}, 400},
	} {
		res, body := a.get(t, a.GraphURL()+test.path, test.header[0], test.header[1])
		if res.StatusCode != test.status {
			t.Errorf("%s: %s %s, want %d", name, res.Status, body, test.status)
		}
	}
}
