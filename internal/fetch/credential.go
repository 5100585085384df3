package fetch

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

// Kinds of credentials, in the words of package health.
const (
	kindSecret      = "client_secret"
	kindCertificate = "certificate"
	kindFederated   = "federated_token"
	kindManaged     = "managed_identity"
)

// A Credential is what tokens are asked for with. It is read anew for every token, so that a rotated one needs no
// restart.
type Credential struct {
	kind string
	read func() (proof, error) // nil for a managed identity, which has nothing to be read
}

// proof is what a credential held when it was read.
type proof struct {
	msal   confidential.Credential
	sum    [sha256.Size]byte // tells it from the one before
	endsAt time.Time         // zero: not known
}

// ClientSecret is a secret of the app registration.
func ClientSecret(read func() (string, error)) Credential {
	return Credential{kindSecret, func() (proof, error) {
		secret, err := read()
		if err != nil {
			return proof{}, err
		}
		msal, err := confidential.NewCredFromSecret(secret)
		if err != nil {
			return proof{}, errors.New("the client secret is empty")
		}
		return proof{msal: msal, sum: sha256.Sum256([]byte(secret))}, nil
	}}
}

// Certificate is a certificate of the app registration, then its chain, and its private key.
func Certificate(read func() ([]*x509.Certificate, *rsa.PrivateKey, error)) Credential {
	return Credential{kindCertificate, func() (proof, error) {
		chain, key, err := read()
		if err != nil {
			return proof{}, err
		}
		msal, err := confidential.NewCredFromCert(chain, key)
		if err != nil {
			return proof{}, errors.New("the private key belongs to none of the certificates")
		}
		return proof{msal, sha256.Sum256(chain[0].Raw), chain[0].NotAfter}, nil
	}}
}

// FederatedToken is a token of an issuer that the app registration trusts, such as a Kubernetes cluster.
func FederatedToken(read func() (string, error)) Credential {
	return Credential{kindFederated, func() (proof, error) {
		token, err := read()
		if err != nil {
			return proof{}, err
		}
		give := func(context.Context, confidential.AssertionRequestOptions) (string, error) { return token, nil }
		return proof{msal: confidential.NewCredFromAssertionCallback(give), sum: sha256.Sum256([]byte(token))}, nil
	}}
}

// ManagedIdentity is the identity that Azure gives to this machine. Options.ClientID names one of several.
func ManagedIdentity() Credential { return Credential{kind: kindManaged} }

// Credential says what tokens are asked for with, and when the one last read ends, zero where that is not known.
func (c *Client) Credential() (kind string, endsAt time.Time) {
	if last := c.tokens.issuer.last.Load(); last != nil {
		endsAt = last.endsAt
	}
	return c.tokens.issuer.credential.kind, endsAt
}
