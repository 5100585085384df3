package storetest

import (
	"bytes"
	"encoding/binary"
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
// statements. It can stop passing bytes, pass them later, or lose the answer to
// a statement.
type Proxy struct {
	network, address string

	mu      sync.Mutex
	changed *sync.Cond // of what follows
	stalled bool
	closed  bool
	cuts    int // so many times
	delay   time.Duration
	conns   []net.Conn
	lose    []byte // the statement whose answers are lost
	losing  int    // how many are still to be lost
	lost    int

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
	p := &Proxy{}
	p.changed = sync.NewCond(&p.mu)
	p.network, p.address = addressOf(config)
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

// Delay passes what the server says d later: a database whose round trip
// takes d longer.
func (p *Proxy) Delay(d time.Duration) { p.set(func() { p.delay = d }) }

// LoseAnswers closes the connection in place of the next n answers to a
// statement, which the server has carried out.
func (p *Proxy) LoseAnswers(statement string, n int) {
	p.set(func() { p.lose, p.losing = []byte(statement), n })
}

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

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.address)
		if err != nil {
			client.Close()
			continue
		}
		pair := &pair{Proxy: p}
		p.set(func() { p.conns, pair.cuts = append(p.conns, client, server), p.cuts })
		go pair.pass(server, client, pair.asked)
		go pair.pass(client, server, pair.answered)
	}
}

// A pair is one connection of a client and the one to the server.
type pair struct {
	*Proxy
	cuts int  // before it began
	deaf bool // the next answer is lost

	begun bool   // the first message of the client has passed; it alone has no type
	part  []byte // of the client's next message
}

// pass copies bytes until one side ends. Reading goes on while earlier bytes
// are held back, so that a delay does not add up.
func (p *pair) pass(to, from net.Conn, look func([]byte) (keep bool, delay time.Duration)) {
	type chunk struct {
		bytes []byte
		due   time.Time
	}
	chunks := make(chan chunk, 1024)
	go func() {
		defer close(chunks)
		defer from.Close()
		for {
			buffer := make([]byte, 64<<10)
			n, err := from.Read(buffer)
			keep, delay := look(buffer[:n])
			if !keep {
				return
			}
			chunks <- chunk{buffer[:n], time.Now().Add(delay)}
			if err != nil {
				return
			}
		}
	}()
	defer to.Close()
	defer p.wait()
	for c := range chunks {
		time.Sleep(time.Until(c.due))
		if p.wait(); len(c.bytes) > 0 {
			to.Write(c.bytes) // a side that has ended is read to its end
		}
	}
}

// wait returns when bytes may pass.
func (p *pair) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for (p.stalled || p.cuts < p.Proxy.cuts) && !p.closed {
		p.changed.Wait()
	}
}

// asked looks at what the client says.
func (p *pair) asked(said []byte) (keep bool, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.losing > 0 && bytes.Contains(said, p.lose) {
		p.losing--
		p.deaf = true
	}
	p.count(said)
	return true, 0
}

// count counts the messages that carry a statement out. A message has its type
// in one byte, and its length with these four bytes (PostgreSQL manual, Message
// Formats).
func (p *pair) count(said []byte) {
	for p.part = append(p.part, said...); len(p.part) > 4; {
		length := int(binary.BigEndian.Uint32(p.part))
		if p.begun {
			length = 1 + int(binary.BigEndian.Uint32(p.part[1:]))
		}
		if len(p.part) < length {
			return
		}
		if kind := p.part[0]; p.begun && (kind == 'Q' || kind == 'E') {
			p.statements++
		}
		p.begun, p.part = true, p.part[length:]
	}
}

// answered looks at what the server says.
func (p *pair) answered(said []byte) (keep bool, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deaf && len(said) > 0 {
		p.lost++
		return false, 0
	}
	return true, p.delay
}
