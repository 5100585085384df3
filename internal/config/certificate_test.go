package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"
)

// rsaKey is one for all tests, as it takes long to make.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// pair is a certificate of rsaKey, in the forms of a file.
type pair struct {
	certificate, key string // PEM
	parsed           *x509.Certificate
}

func selfSigned(t *testing.T, end time.Time) pair {
	t.Helper()
	key := rsaKey()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ingestd"}, NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pair{block("CERTIFICATE", der), block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), parsed}
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestCertificateFiles(t *testing.T) {
	t.Parallel()
	const password = "correct horse"
	own := selfSigned(t, time.Now().Add(time.Hour))
	plain, err := x509.MarshalPKCS8PrivateKey(rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	locked, err := pkcs8.MarshalPrivateKey(rsaKey(), []byte(password), nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	pfx := func(password string) string {
		data, err := pkcs12.Modern.Encode(rsaKey(), own.parsed, nil, password)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	old := strings.Replace(own.key, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\n", 1)

	for name, test := range map[string]struct{ text, password, want string }{
		"PEM":              {own.certificate + own.key, "", ""},
		"key first":        {block("PRIVATE KEY", plain) + certificate + own.certificate, "", ""},
		"PEM and password": {block("ENCRYPTED PRIVATE KEY", locked) + own.certificate, password + "\n", ""},
		"wrong password":   {block("ENCRYPTED PRIVATE KEY", locked) + own.certificate, "hunter2", errLocked.Error()},
		"no password":      {block("ENCRYPTED PRIVATE KEY", locked) + own.certificate, "", errLocked.Error()},
		"old encryption":   {old + own.certificate, password, errOldCrypt.Error()},
		"PFX":              {pfx(password), password, ""},
		"PFX, none":        {pfx(""), "", ""},
		"PFX, wrong":       {pfx(password), "hunter2", errLocked.Error()},
		"damaged PFX":      {pfx("")[:100], "", "the file is neither PEM nor PFX, or damaged"},
		"a secret":         {"hunter2", "", "the file is neither PEM nor PFX, or damaged"},
		"no key":           {own.certificate, "", "the file holds no private key"},
		"no certificate":   {own.key, "", "the file holds no certificate"},
		"another's":        {certificate + own.key, "", errOthersKey.Error()},
		"elliptic curve":   {own.certificate + block("PRIVATE KEY", curve), "", errNotRSA.Error()},
		"damaged key":      {own.certificate + block("PRIVATE KEY", []byte("hunter2")), "", errKey.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := "certificate_file: " + write(t, "certificate", test.text)
			if test.password != "" {
				keys += "\n      certificate_password_file: " + write(t, "password", test.password)
			}
			c, err := load(t, strings.Replace(valid, "client_secret_env: GRAPH_SECRET", keys, 1), environment{})
			if test.want != "" {
				want := "config.yaml:6: tenants[0].auth.certificate_file: " + test.want
				if err == nil || err.Error() != want {
					t.Errorf("got  %v\nwant %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			chain, key, err := c.Tenants[0].Auth.Certificate.Read()
			if err != nil || !chain[0].Equal(own.parsed) || !key.Equal(rsaKey()) {
				t.Errorf("%d certificates, error %v", len(chain), err)
			}
		})
	}
}

func TestCertificatePasswordFaults(t *testing.T) {
	t.Parallel()
	own := selfSigned(t, time.Now().Add(time.Hour))
	keys := "certificate_file: " + write(t, "c.pem", own.certificate+own.key) +
		"\n      certificate_password_file: " + write(t, "password", "\ufeffhunter2")
	_, err := load(t, strings.Replace(valid, "client_secret_env: GRAPH_SECRET", keys, 1), environment{})
	want := "config.yaml:7: tenants[0].auth.certificate_password_file: " +
		"begins with a byte order mark; save it as UTF-8 without one"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestCertificateIsReadAtUse(t *testing.T) {
	t.Parallel()
	path := write(t, "c.pem", "")
	c := Certificate{file: Secret{file: path}}
	for _, end := range []time.Duration{time.Hour, 2 * time.Hour} {
		next := selfSigned(t, time.Now().Add(end))
		if err := os.WriteFile(path, []byte(next.certificate+next.key), 0o600); err != nil {
			t.Fatal(err)
		}
		if chain, _, err := c.Read(); err != nil || !chain[0].NotAfter.Equal(next.parsed.NotAfter) {
			t.Errorf("error %v, want the one that ends at %v", err, next.parsed.NotAfter)
		}
	}
}
