package config

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"
)

// Certificate is where a certificate and its private key are found: a PEM file,
// or a PFX file (PKCS #12). Like a Secret it is read at each use.
type Certificate struct {
	file     Secret
	password Secret // of the private key; its zero value: none
}

// Read returns the certificate, then its chain, and its private key. A file and
// a password that do not fit are read once more: they may have been replaced
// one after the other. No error quotes either.
func (c Certificate) Read() ([]*x509.Certificate, *rsa.PrivateKey, error) {
	chain, key, err := c.read()
	if err != nil {
		chain, key, err = c.read()
	}
	return chain, key, err
}

func (c Certificate) read() ([]*x509.Certificate, *rsa.PrivateKey, error) {
	data, err := c.file.read()
	if err != nil {
		return nil, nil, err
	}
	password := ""
	if c.password.file != "" {
		if password, err = c.password.ReadPassword(); err != nil {
			return nil, nil, errPassword{err}
		}
	}
	parse := parsePFX
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		parse = parsePEM
	}
	chain, key, err := parse(data, password)
	if err != nil {
		return nil, nil, err
	}
	return ordered(chain, key)
}

// errPassword is an error of the password's file.
type errPassword struct{ error }

func (e errPassword) Unwrap() error { return e.error }

// ordered puts the certificate of the key first.
func ordered(chain []*x509.Certificate, key crypto.PrivateKey) ([]*x509.Certificate, *rsa.PrivateKey, error) {
	private, ok := key.(*rsa.PrivateKey)
	switch {
	case len(chain) == 0:
		return nil, nil, errors.New("the file holds no certificate")
	case key == nil:
		return nil, nil, errors.New("the file holds no private key")
	case !ok:
		return nil, nil, errNotRSA
	}
	i := slices.IndexFunc(chain, func(c *x509.Certificate) bool { return private.PublicKey.Equal(c.PublicKey) })
	if i < 0 {
		return nil, nil, errOthersKey
	}
	chain[0], chain[i] = chain[i], chain[0]
	return chain, private, nil
}

var (
	errKey       = errors.New("the private key cannot be read")
	errNotRSA    = errors.New("the private key is not RSA, which Entra asks for")
	errOthersKey = errors.New("the private key belongs to none of the certificates in the file")
	errLocked    = errors.New("the private key is encrypted: certificate_password_file is needed, or does not fit")
	errOldCrypt  = errors.New("the private key is encrypted in a way that is no longer safe; " +
		"run: openssl pkcs8 -topk8 -in OLD.pem -out NEW.pem")
)

// parsePEM reads certificates and a private key in any order.
func parsePEM(data []byte, password string) (chain []*x509.Certificate, key crypto.PrivateKey, err error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			if key, err = parseKey(block, password); err != nil {
				return nil, nil, err
			}
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, errors.New("a certificate in the file cannot be read")
		}
		chain = append(chain, certificate)
	}
	return chain, key, nil
}

func parseKey(block *pem.Block, password string) (key crypto.PrivateKey, err error) {
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errOldCrypt
		}
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		if key, err = pkcs8.ParsePKCS8PrivateKey(block.Bytes, []byte(password)); err != nil {
			return nil, errLocked
		}
	default:
		return nil, errors.New("the file holds something other than certificates and a private key")
	}
	if err != nil {
		return nil, errKey
	}
	return key, nil
}

func parsePFX(data []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	key, certificate, others, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, errLocked
	case err != nil:
		return nil, nil, errors.New("the file is neither PEM nor PFX, or damaged")
	}
	return append([]*x509.Certificate{certificate}, others...), key, nil
}
