package storetest

import (
	"bytes"
	"encoding/binary"
	"net"
	"time"
)

// A Message is one by which a client has the server do something.
type Message struct {
	Statement string // its SQL
	Copied    bool   // it ends the rows of a COPY
}

// A Fault is what befalls a message. The zero value lets it pass.
type Fault struct {
	Cut  bool            // both connections end, and the server never gets it
	Lose bool            // the server carries it out, and both connections end in place of the answer
	Hold <-chan struct{} // the server gets it once this is closed, though the client may have gone
	Then func()          // is called when that has happened; of Lose before the connections end
}

// lastAnswer is how long a lost answer is waited for.
const lastAnswer = 2 * time.Second

// A pair is one connection of a client and the one to the server.
type pair struct {
	*Proxy
	client, server net.Conn
	before         int // how often the proxy was cut then

	begun    bool              // the first message of the client has passed; it alone has no type
	part     []byte            // of the client's next message
	prepared map[string]string // SQL by name
	bound    string            // the statement that Execute means

	deaf   bool // the next answer is lost
	then   func()
	silent bool // it was
}

// pass copies bytes until one side ends. Reading goes on while earlier bytes
// are held back, so that a delay does not add up.
func (p *pair) pass(to, from net.Conn, say func([]byte) bool) {
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
			chunks <- chunk{buffer[:n], p.due(from)}
			if err != nil {
				return
			}
		}
	}()
	defer func() {
		for range chunks { // the reader ends too
		}
	}()
	defer from.Close()
	defer to.Close()
	defer p.wait()
	for c := range chunks {
		time.Sleep(time.Until(c.due))
		if p.wait(); len(c.bytes) > 0 && !say(c.bytes) {
			return
		}
	}
}

// due is when bytes that come now may be passed on.
func (p *pair) due(from net.Conn) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from == p.client {
		return time.Time{}
	}
	return time.Now().Add(p.delay)
}

// wait returns when bytes may pass.
func (p *pair) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for (p.stalled || p.before < p.cuts) && !p.closed {
		p.changed.Wait()
	}
}

// asked passes on what the client says, message by message, and reports false
// where the connection is to end.
func (p *pair) asked(said []byte) bool {
	var out []byte
	p.part = append(p.part, said...)
	for message := p.message(); message != nil; message = p.message() {
		fault := p.befalls(message)
		switch {
		case fault.Cut:
			p.server.Write(out)
			call(fault.Then)
			return false
		case fault.Hold != nil:
			p.server.Write(out)
			out = nil
			<-fault.Hold
			call(fault.Then)
		case fault.Lose:
			p.hearNothing(fault.Then)
		case fault.Then != nil:
			p.server.Write(out)
			out = nil
			fault.Then()
		}
		out = append(out, message...)
	}
	p.server.Write(out) // a side that has ended is read to its end
	return true
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// message takes the client's next whole message; nil if more of it is to come. It
// has its type in one byte, and its length with these four bytes (PostgreSQL
// manual, Message Formats).
func (p *pair) message() []byte {
	typed := 0
	if p.begun {
		typed = 1
	}
	if len(p.part) < typed+4 {
		return nil
	}
	length := typed + int(binary.BigEndian.Uint32(p.part[typed:]))
	if len(p.part) < length {
		return nil
	}
	message := p.part[:length]
	p.begun, p.part = true, p.part[length:]
	return message
}

// befalls counts a message that has the server do something, and asks what is to
// befall it.
func (p *pair) befalls(message []byte) Fault {
	m := Message{Copied: message[0] == 'c'}
	switch message[0] {
	case 'P':
		name, rest, _ := bytes.Cut(message[5:], []byte{0})
		sql, _, _ := bytes.Cut(rest, []byte{0})
		p.prepared[string(name)] = string(sql)
		return Fault{}
	case 'B':
		_, rest, _ := bytes.Cut(message[5:], []byte{0})
		name, _, _ := bytes.Cut(rest, []byte{0})
		p.bound = p.prepared[string(name)]
		return Fault{}
	case 'Q':
		p.bound = string(bytes.TrimRight(message[5:], "\x00"))
	case 'E', 'c':
	default:
		return Fault{}
	}
	m.Statement = p.bound
	p.mu.Lock()
	if !m.Copied {
		p.statements++
	}
	decide := p.decide
	p.mu.Unlock()
	if decide == nil {
		return Fault{}
	}
	return decide(m)
}

// hearNothing has the next answer lost. What the server says is not waited for
// for ever.
func (p *pair) hearNothing(then func()) {
	p.set(func() { p.deaf, p.then = true, then })
	time.AfterFunc(lastAnswer, p.lose)
}

// answered passes on what the server says, and reports false where the connection
// is to end. An answer is there once the server is ready, or asks for rows.
func (p *pair) answered(said []byte) bool {
	p.mu.Lock()
	deaf := p.deaf
	p.mu.Unlock()
	if !deaf {
		p.client.Write(said)
		return true
	}
	if n := len(said); said[0] == 'G' || n >= 6 && bytes.HasPrefix(said[n-6:], []byte{'Z', 0, 0, 0, 5}) {
		p.lose()
		return false
	}
	return true
}

// lose ends the connections in place of an answer.
func (p *pair) lose() {
	first := false
	p.set(func() {
		if first = !p.silent; first {
			p.silent = true
			p.lost++
		}
	})
	if first {
		call(p.then)
		p.client.Close()
		p.server.Close()
	}
}
