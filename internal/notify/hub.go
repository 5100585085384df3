package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

const (
	// kafkaPort is where a namespace speaks Kafka's protocol, over TLS.
	kafkaPort = "9093"
	// maxFetch bounds what is read of a hub at once.
	maxFetch = 2 << 20
	// askWithin is how long a namespace may take to answer.
	askWithin = 10 * time.Second
)

// A Hub is an Azure Event Hub that Graph sends notifications to. It is read through
// the Kafka endpoint of its namespace.
type Hub struct {
	Host  string         // of the namespace; with a port if it is another than Azure's
	Name  string         // in the namespace
	Group string         // the consumer group, which remembers how far the hub was read
	Roots *x509.CertPool // whom to trust; nil: whom the system does

	// ConnectionString signs in, read anew for every connection; nil: Token does.
	ConnectionString func() (string, error)
	// Token returns an access token of Entra's for the namespace.
	Token func(context.Context) (string, error)
}

// client prepares a client of the namespace. It connects when it is used.
func (h *Hub) client(more ...kgo.Opt) (*kgo.Client, error) {
	address := h.Host
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(h.Host, kafkaPort)
	}
	return kgo.NewClient(append(more,
		kgo.SeedBrokers(address),
		kgo.ClientID("ingestd"),
		kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: h.Roots}),
		kgo.SASL(h.mechanism()),
		kgo.MetadataMinAge(readAgain), // a namespace that is back is found within that
		kgo.DisableClientMetrics(),
	)...)
}

// mechanism signs in, in one of the two ways of Event Hubs
// (https://learn.microsoft.com/azure/event-hubs/azure-event-hubs-kafka-overview).
func (h *Hub) mechanism() sasl.Mechanism {
	if h.ConnectionString == nil {
		return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
			token, err := h.secret(ctx)
			return oauth.Auth{Token: token}, err
		})
	}
	return plain.Plain(func(ctx context.Context) (plain.Auth, error) {
		secret, err := h.secret(ctx)
		return plain.Auth{User: "$ConnectionString", Pass: secret}, err
	})
}

// secret is what signs in at this moment.
func (h *Hub) secret(ctx context.Context) (string, error) {
	if h.ConnectionString == nil {
		return h.Token(ctx)
	}
	secret, err := h.ConnectionString()
	if err != nil {
		return "", fmt.Errorf("connection_string_file: %w", err)
	}
	return secret, nil
}

// Try asks whether the hub can be read. The error says why not, and what to do.
func (h *Hub) Try(ctx context.Context) error {
	client, err := h.client()
	if err != nil {
		return err
	}
	defer client.Close()
	return h.ask(ctx, client)
}

// ask asks the namespace about the hub. A client alone would go on trying and say
// nothing.
func (h *Hub) ask(ctx context.Context, client *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if _, err := h.secret(ctx); err != nil {
		return err
	}
	if err := client.Ping(ctx); err != nil {
		return h.explain(err)
	}
	_, err := h.partitions(ctx, client)
	return h.explain(err)
}

// explain says what an error of the client means. It repeats nothing that the
// namespace wrote.
func (h *Hub) explain(err error) error {
	says := func(hint string) error { return fmt.Errorf("%s: %s", h.Host, hint) }
	code := (*kerr.Error)(nil)
	switch refused := errors.As(err, &code); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return says("no answer in time; let connections out to its port " + kafkaPort)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, kerr.SaslAuthenticationFailed):
		return says("it does not let this program in; check that " + h.signsInBy() +
			", and that the tier of the namespace is Standard at least")
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.InvalidTopicException):
		return says(fmt.Sprintf("it has no hub %q; check notifications.event_hub.hub", h.Name))
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.GroupAuthorizationFailed):
		return says("it does not let this program read the hub; check that " + h.signsInBy())
	case refused:
		return says("it answers " + code.Message)
	}
	return fmt.Errorf("%s: %w", h.Host, err)
}

// signsInBy is what has to be right for the hub to be read.
func (h *Hub) signsInBy() string {
	if h.ConnectionString == nil {
		return "the first tenant's app has the role Azure Event Hubs Data Receiver on the hub"
	}
	return "connection_string_file holds a connection string with the right Listen"
}
