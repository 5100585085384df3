package storetest

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Proxy passes bytes between a test and PostgreSQL over loopback, and counts
// statements. It can stop passing bytes, pass them later, and have a fault befall
// any statement.
type Proxy struct {
	mu      sync.Mutex
	changed *sync.Cond // of what follows
	target  *pgx.ConnConfig
	stalled bool
	closed  bool
	cuts    int // so many times
	delay   time.Duration
	conns   []net.Conn
	decide  func(Message) Fault
	lost    int // answers

	statements int
}

// NewProxy starts a proxy in front of a database, and returns the database's
// URL through it. Both end with the test.
func NewProxy(t testing.TB, target string) (*Proxy, string) {
	t.Helper()
	config, err := pgx.ParseConfig(target)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{target: config}
	p.changed = sync.NewCond(&p.mu)
	var accepting sync.WaitGroup
	accepting.Go(func() { p.accept(listener) })
	t.Cleanup(func() {
		listener.Close()
		accepting.Wait()
		p.close()
	})
	through := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(config.User, config.Password),
		Host:     listener.Addr().String(),
		Path:     "/" + config.Database,
		RawQuery: "sslmode=disable",
	}
	return p, through.String()
}

func addressOf(c *pgx.ConnConfig) (network, address string) {
	if strings.HasPrefix(c.Host, "/") {
		return "unix", filepath.Join(c.Host, fmt.Sprintf(".s.PGSQL.%d", c.Port))
	}
	return "tcp", net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}

// Stall stops passing bytes, in both directions and for new connections too,
// as a load balancer does that has lost its server. Nothing is closed.
func (p *Proxy) Stall() { p.set(func() { p.stalled = true }) }

// Cut passes no more bytes on the connections there are, and closes none of
// them towards the server: so it is to both sides when a network breaks. New
// connections pass.
func (p *Proxy) Cut() { p.set(func() { p.cuts++ }) }

// Resume passes bytes again, first those that were held back.
func (p *Proxy) Resume() { p.set(func() { p.stalled = false }) }

// Redirect passes new connections to another server, as DNS or a load balancer does
// after a failover.
func (p *Proxy) Redirect(t testing.TB, target string) {
	t.Helper()
	config, err := pgx.ParseConfig(target)
	if err != nil {
		t.Fatal(err)
	}
	p.set(func() { p.target = config })
}

// Delay passes what the server says d later: a database whose round trip
// takes d longer.
func (p *Proxy) Delay(d time.Duration) { p.set(func() { p.delay = d }) }

// LoseAnswers closes the connection in place of the next n answers to a
// statement, which the server has carried out.
func (p *Proxy) LoseAnswers(statement string, n int) {
	var mu sync.Mutex
	p.SetFaults(func(m Message) Fault {
		mu.Lock()
		defer mu.Unlock()
		if n == 0 || !strings.Contains(m.Statement, statement) {
			return Fault{}
		}
		n--
		return Fault{Lose: true}
	})
}

// SetFaults decides from now on what befalls a message; nil: nothing does. It is
// called concurrently.
func (p *Proxy) SetFaults(decide func(Message) Fault) { p.set(func() { p.decide = decide }) }

// Lost returns how many answers were lost.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Statements returns how many statements were asked for, BEGIN and COMMIT among
// them.
func (p *Proxy) Statements() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.statements
}

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed.Broadcast()
}

func (p *Proxy) close() {
	p.set(func() {
		p.closed = true
		for _, c := range p.conns {
			c.Close()
		}
	})
}

func (p *Proxy) dial() (net.Conn, error) {
	p.mu.Lock()
	network, address := addressOf(p.target)
	p.mu.Unlock()
	return net.Dial(network, address)
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := p.dial()
		if err != nil {
			client.Close()
			continue
		}
		pair := &pair{Proxy: p, client: client, server: server, prepared: map[string]string{}}
		p.set(func() { p.conns, pair.before = append(p.conns, client, server), p.cuts })
		go pair.pass(server, client, pair.asked)
		go pair.pass(client, server, pair.answered)
	}
}
