package graphsim

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// FederatedIssuer is whose tokens the application trusts, for the subject
// "ingestd", once NewFederatedToken has made one.
const FederatedIssuer = "https://cluster.example.com"

// credentials are what Entra takes from the application. What is signed is
// judged by the machine's clock, which is the one it is signed by.
type credentials struct {
	mu          sync.Mutex
	secret      string
	expired     bool // the secret
	certificate *x509.Certificate
	federated   int // tokens made so far, of which the last is good
	noIdentity  bool
}

// SetSecret gives the application another client secret; the one before is
// wrong from now on.
func (s *Server) SetSecret(secret string) {
	s.credentials.mu.Lock()
	defer s.credentials.mu.Unlock()
	s.credentials.secret, s.credentials.expired = secret, false
}

// ExpireSecret ends the client secret until the next SetSecret.
func (s *Server) ExpireSecret() {
	s.credentials.mu.Lock()
	defer s.credentials.mu.Unlock()
	s.credentials.expired = true
}

// NewCertificate registers a certificate for the application in place of the
// one before, and returns it with its private key, PEM encoded.
func (s *Server) NewCertificate(end time.Time) []byte {
	key := signingKey()
	c := template(time.Now().UnixNano(), "ingestd")
	c.NotAfter = end
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err) // of a template and a key made here
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	s.credentials.mu.Lock()
	defer s.credentials.mu.Unlock()
	s.credentials.certificate = c
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...)
}

// NewFederatedToken returns a token of FederatedIssuer that is good for so
// long; the one before is refused from now on.
func (s *Server) NewFederatedToken(life time.Duration) string {
	s.credentials.mu.Lock()
	defer s.credentials.mu.Unlock()
	s.credentials.federated++
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: FederatedIssuer, Subject: "ingestd", Audience: jwt.ClaimStrings{federatedAudience},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(life)), ID: strconv.Itoa(s.credentials.federated),
	})
	signed, err := token.SignedString(signingKey())
	if err != nil {
		panic(err)
	}
	return signed
}

// SetIdentity gives this machine the managed identities, the system's and the
// one of ClientID, or takes them away. It has them at Start.
func (s *Server) SetIdentity(has bool) {
	s.credentials.mu.Lock()
	defer s.credentials.mu.Unlock()
	s.credentials.noIdentity = !has
}

// signingKey signs what the simulation gives out. There is one, as a key takes
// long to make.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// refused is an answer of Entra to a credential that it does not take.
type refused struct {
	status  int
	word    string
	number  int
	message string
}

func invalidClient(number int, message string) *refused {
	return &refused{401, "invalid_client", number, message}
}

// check returns nil for a good credential.
func (c *credentials) check(secret, assertionType, assertion, audience string) *refused {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case assertion != "" && assertionType != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		return &refused{400, "invalid_request", 900144, "The parameter 'client_assertion_type' is wrong."}
	case assertion != "":
		return c.checkAssertion(assertion, audience)
	case secret == "":
		return invalidClient(7000218,
			"The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case secret != c.secret:
		return invalidClient(7000215, "Invalid client secret provided.")
	case c.expired:
		return invalidClient(7000222, "The provided client secret keys for app '"+ClientID+"' are expired.")
	}
	return nil
}

const federatedAudience = "api://AzureADTokenExchange"

// checkAssertion takes one that the application signed with its certificate, or
// a token of the trusted issuer.
func (c *credentials) checkAssertion(assertion, audience string) *refused {
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"PS256", "RS256"}), jwt.WithExpirationRequired())
	federated := false
	_, err := parser.ParseWithClaims(assertion, &claims, func(t *jwt.Token) (any, error) {
		if federated = claims.Issuer != ClientID; federated {
			return &signingKey().PublicKey, nil
		}
		return c.registered(t.Header)
	})
	switch {
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return invalidClient(700024, "Client assertion is not within its valid time range.")
	case errors.Is(err, jwt.ErrTokenMalformed):
		return invalidClient(50027, "JWT token is invalid or malformed.")
	case federated && (err != nil || claims.Issuer != FederatedIssuer || claims.ID != strconv.Itoa(c.federated)):
		return invalidClient(700211, "No matching federated identity record found for presented assertion issuer.")
	case federated && claims.Subject != "ingestd":
		return invalidClient(700213, "No matching federated identity record found for presented assertion subject.")
	case federated && !audienceIs(claims, federatedAudience):
		return invalidClient(700212, "No matching federated identity record found for presented assertion audience.")
	case federated:
		return nil
	case err != nil || claims.Subject != ClientID:
		return invalidClient(700027, "Client assertion contains an invalid signature.")
	case !audienceIs(claims, audience):
		return invalidClient(700023, "Client assertion audience claim does not match Realm issuer.")
	}
	return nil
}

func audienceIs(claims jwt.RegisteredClaims, audience string) bool {
	return len(claims.Audience) == 1 && claims.Audience[0] == audience
}

var errUnregistered = errors.New("the certificate is not registered, or has ended")

// registered returns the key of the registered certificate if the header names
// it by its thumbprint and brings it along, as is needed where an application
// trusts its subject and issuer.
func (c *credentials) registered(header map[string]any) (any, error) {
	thumbprint, _ := header["x5t#S256"].(string)
	chain, _ := header["x5c"].([]any)
	if c.certificate == nil || len(chain) == 0 || time.Now().After(c.certificate.NotAfter) {
		return nil, errUnregistered
	}
	text, _ := chain[0].(string)
	brought, err := base64.StdEncoding.DecodeString(text)
	sum := sha256.Sum256(c.certificate.Raw)
	named := thumbprint == base64.StdEncoding.EncodeToString(sum[:])
	if err != nil || !named || !bytes.Equal(brought, c.certificate.Raw) {
		return nil, errUnregistered
	}
	return c.certificate.PublicKey, nil
}
