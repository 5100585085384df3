package notify

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/netutil"
)

const (
	// maxConns bounds the connections that are open at once, and with them, as each
	// has one request at a time, the memory of all senders.
	maxConns = 128
	// readWithin is how long a request may take to arrive.
	readWithin = 5 * time.Second
	// listenAgain is how often an address is tried that cannot be had.
	listenAgain = 15 * time.Second
)

// A Listener has a room answer at an address.
type Listener struct {
	Address string       // to listen on
	Pair    *Pair        // what to speak TLS with; nil: a proxy in front does
	Room    http.Handler // answers
	Log     *zap.Logger
}

// Run listens until ctx ends. An address that cannot be had is warned of once and
// tried again.
func (l *Listener) Run(ctx context.Context) {
	for warned := false; ctx.Err() == nil; {
		listener, err := net.Listen("tcp", l.Address)
		if err == nil {
			warned = false
			l.Log.Info("listening for notifications", zap.String("listen", listener.Addr().String()))
			err = l.Serve(ctx, listener)
		}
		if ctx.Err() != nil {
			return
		}
		if !warned {
			warned = true
			l.Log.Warn("no notifications are heard; reading goes on by the list, and the address is tried again; "+
				"if another program has it, give this one another: notifications.webhook.listen",
				zap.String("listen", l.Address), zap.Duration("again_in", listenAgain), zap.Error(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

// Serve answers at a listener until ctx ends. It speaks HTTP/1.1 alone, so that a
// bound on connections is one on requests. What net/http has to say of senders is
// not logged: they decide how much and what it is.
func (l *Listener) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           l.Room,
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: readWithin,
		ReadTimeout:       readWithin,
		WriteTimeout:      2 * readWithin,
		IdleTimeout:       2 * readWithin,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	server.Protocols.SetHTTP1(true)
	defer context.AfterFunc(ctx, func() { server.Close() })()
	listener = netutil.LimitListener(listener, maxConns)
	if l.Pair == nil {
		return server.Serve(listener)
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: l.Pair.get}
	return server.ServeTLS(listener, "", "")
}

// A Pair is a certificate with its chain and its private key, each a PEM file. They
// are read again when they change: what is renewed there needs no restart.
type Pair struct {
	certFile, keyFile string

	mu      sync.Mutex
	looked  time.Time
	changed [2]time.Time
	read    *tls.Certificate
}

// NewPair returns the pair of two files, which must be there and belong together.
func NewPair(certFile, keyFile string) (*Pair, error) {
	p := &Pair{certFile: certFile, keyFile: keyFile}
	return p, p.reread()
}

// lookEvery is how often it is seen whether files have changed.
const lookEvery = time.Second

// get returns the pair that is there now, or the last one that could be read.
func (p *Pair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.looked) > lookEvery {
		_ = p.reread() // the two files are not replaced at once
	}
	return p.read, nil
}

// reread reads the files if they have changed. mu is held.
func (p *Pair) reread() error {
	p.looked = time.Now()
	var changed [2]time.Time
	for i, name := range []string{p.certFile, p.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		changed[i] = info.ModTime()
	}
	if changed == p.changed {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return err
	}
	p.read, p.changed = &pair, changed
	return nil
}
