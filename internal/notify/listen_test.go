package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// writePair writes a certificate with a serial number, and its key.
func writePair(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		replace(t, name, pem.EncodeToMemory(block), serial)
	}
}

// replace writes a file that is so many minutes newer than another.
func replace(t *testing.T, name string, text []byte, minutes int64) {
	t.Helper()
	at := time.Date(2026, 6, 15, 12, int(minutes), 0, 0, time.UTC)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

// A certificate that is renewed is used within seconds; while its files cannot be read, the one before is.
func TestCertificateIsReadAgain(t *testing.T) {
	certFile, keyFile := filepath.Join(t.TempDir(), "cert"), filepath.Join(t.TempDir(), "key")
	synctest.Test(t, func(t *testing.T) {
		if _, err := NewPair(certFile, keyFile); err == nil {
			t.Error("files that are not there are taken")
		}
		writePair(t, certFile, keyFile, 1)
		p, err := NewPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			change func()
			want   int64
		}{
			{func() {}, 1},
			{func() { writePair(t, certFile, keyFile, 2) }, 2},
			{func() { replace(t, keyFile, nil, 3) }, 2},
			{func() { writePair(t, certFile, keyFile, 4) }, 4},
		} {
			step.change()
			time.Sleep(2 * lookEvery)
			got, err := p.get(nil)
			if err != nil || got.Leaf.SerialNumber.Int64() != step.want {
				t.Errorf("certificate %v, %v; want %d", got.Leaf.SerialNumber, err, step.want)
			}
		}
	})
}
