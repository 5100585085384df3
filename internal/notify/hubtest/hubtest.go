// Package hubtest is an Azure Event Hub for tests: a Kafka broker with TLS that lets
// in who signs in as at Azure.
package hubtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"ingestd/internal/notify"
)

// What a hub is called, and what signs in.
const (
	Name             = "call-records"
	Group            = "ingestd"
	WrongToken       = "wrong"
	ConnectionString = "Endpoint=sb://127.0.0.1/;SharedAccessKeyName=listen;SharedAccessKey=c2VjcmV0"
)

// tokenAsPlain is how a token that is right signs in to the broker.
const tokenAsPlain = "\x00token\x00token"

// A Hub is a hub of two partitions.
type Hub struct {
	testing.TB
	CAPEM   []byte // whom its readers trust
	broker  *kfake.Cluster
	options []kfake.Opt
	roots   *x509.CertPool
	sender  *kgo.Client
	sent    int

	tokens   atomic.Int32 // how often a token has signed in
	secret   atomic.Value // what its readers sign in with
	unmarked atomic.Bool  // what is read cannot be marked
	denied   atomic.Bool  // its readers may not use their consumer group
}

// patience is how long a test waits for what a reader must do.
const patience = time.Minute

// New starts a hub that ends with the test.
func New(t testing.TB) *Hub {
	t.Helper()
	h := &Hub{TB: t}
	h.SignIn(ConnectionString)
	certificate := h.certificate()
	h.CAPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	h.roots = x509.NewCertPool()
	h.roots.AppendCertsFromPEM(h.CAPEM)
	h.options = []kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(2, Name), kfake.DataDir(t.TempDir()),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}),
		kfake.EnableSASL(), kfake.User("PLAIN", "$ConnectionString", ConnectionString),
		kfake.User("PLAIN", "token", "token"),
	}
	h.Start()
	t.Cleanup(h.Stop)
	_, port, _ := net.SplitHostPort(h.Host())
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	h.options = append(h.options, kfake.Ports(number))
	return h
}

// certificate is one for this machine, which the hub's readers trust.
func (h *Hub) certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		h.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Start has the hub answer, with what it held when it was stopped.
func (h *Hub) Start() {
	h.Helper()
	broker, err := kfake.NewCluster(h.options...)
	if err != nil {
		h.Fatal(err)
	}
	h.broker = broker
	broker.ControlKey(int16(kmsg.SASLHandshake), func(r kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		return nil, nil, asPlain(r)
	})
	broker.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		return h.authenticated(r.(*kmsg.SASLAuthenticateRequest))
	})
	broker.ControlKey(int16(kmsg.OffsetCommit), func(kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		return nil, errors.New("hang up"), h.unmarked.Load()
	})
	broker.ControlKey(int16(kmsg.OffsetFetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		return noGroup(r.(*kmsg.OffsetFetchRequest)), nil, h.denied.Load()
	})
}

// asPlain has a token be a password, as the broker knows no other than these.
func asPlain(r kmsg.Request) (handled bool) {
	if r := r.(*kmsg.SASLHandshakeRequest); r.Mechanism == "OAUTHBEARER" {
		r.Mechanism = "PLAIN"
	}
	return false
}

// authenticated refuses a wrong secret in words, as Azure does; the broker would
// hang up. Any token but a wrong one signs in.
func (h *Hub) authenticated(r *kmsg.SASLAuthenticateRequest) (kmsg.Response, error, bool) {
	if token, is := strings.CutPrefix(string(r.SASLAuthBytes), "n,,\x01auth=Bearer "); is {
		if token = strings.TrimRight(token, "\x01"); token != WrongToken {
			h.tokens.Add(1)
			r.SASLAuthBytes = []byte(tokenAsPlain)
			return nil, nil, false
		}
	}
	if string(r.SASLAuthBytes) == "\x00$ConnectionString\x00"+ConnectionString {
		return nil, nil, false
	}
	text := "Unauthorized access: " + ConnectionString
	answer := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
	answer.ErrorCode, answer.ErrorMessage = kerr.SaslAuthenticationFailed.Code, &text
	return answer, nil, true
}

// noGroup says that nobody may know what a consumer group has read.
func noGroup(r *kmsg.OffsetFetchRequest) kmsg.Response {
	answer := r.ResponseKind().(*kmsg.OffsetFetchResponse)
	answer.ErrorCode = kerr.GroupAuthorizationFailed.Code
	for _, asked := range r.Groups {
		g := kmsg.NewOffsetFetchResponseGroup()
		g.Group, g.ErrorCode = asked.Group, answer.ErrorCode
		answer.Groups = append(answer.Groups, g)
	}
	return answer
}

// DenyGroup has the hub keep its readers from their consumer group, or no more.
func (h *Hub) DenyGroup(deny bool) { h.denied.Store(deny) }

// Stop has the hub answer no more.
func (h *Hub) Stop() {
	if h.sender != nil {
		h.sender.Close()
		h.sender = nil
	}
	if h.broker != nil {
		h.broker.Close()
		h.broker = nil
	}
}

// Tokens is how often a token has signed in.
func (h *Hub) Tokens() int { return int(h.tokens.Load()) }

// Host is where the namespace answers.
func (h *Hub) Host() string { return h.broker.ListenAddrs()[0] }

// Hub is how it is read.
func (h *Hub) Hub() *notify.Hub {
	return &notify.Hub{
		Host: h.Host(), Name: Name, Group: Group, Roots: h.roots,
		ConnectionString: func() (string, error) { return h.secret.Load().(string), nil },
	}
}

// SignIn changes what its readers sign in with.
func (h *Hub) SignIn(connectionString string) { h.secret.Store(connectionString) }

// LoseMarks has the hub hang up on whoever marks what is read, or no more.
func (h *Hub) LoseMarks(lose bool) { h.unmarked.Store(lose) }

// Send puts a message into the hub, as Graph does.
func (h *Hub) Send(ctx context.Context, body []byte) error {
	if h.sender == nil {
		sender, err := kgo.NewClient(
			kgo.SeedBrokers(h.Host()), kgo.DialTLSConfig(&tls.Config{RootCAs: h.roots, MinVersion: tls.VersionTLS12}),
			kgo.SASL(plain.Auth{User: "$ConnectionString", Pass: ConnectionString}.AsMechanism()))
		if err != nil {
			return err
		}
		h.sender = sender
	}
	err := h.sender.ProduceSync(ctx, &kgo.Record{Topic: Name, Value: body}).FirstErr()
	if err == nil {
		h.sent++
	}
	return err
}

// Read waits until all that was sent is marked as read.
func (h *Hub) Read() {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	all := func(g *kfake.GroupInfo) bool { return marked(g) == h.sent }
	if _, err := h.broker.WaitGroupInfo(ctx, Group, all); err != nil {
		h.Fatalf("%d of %d messages are marked as read after %v", h.Marked(), h.sent, patience)
	}
}

// Shared waits until some readers share the hub.
func (h *Hub) Shared(readers int) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	if _, err := h.broker.WaitGroupStable(ctx, Group, readers); err != nil {
		h.Fatalf("%d readers do not share the hub after %v", readers, patience)
	}
}

// Marked is how many messages are marked as read.
func (h *Hub) Marked() int { return marked(h.broker.GroupInfo(Group)) }

func marked(g *kfake.GroupInfo) (sum int) {
	if g != nil {
		for _, c := range g.Commits[Name] {
			sum += int(c.Offset)
		}
	}
	return sum
}
