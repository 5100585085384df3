// Package web shows how everything stands: the page, the probes, the metrics
// and the snapshot as JSON, all of them read-only. It renders what package
// health has decided, and what the process has counted; it must not know SQL,
// and nothing of it may keep the reading waiting.
package web

import (
	"context"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/net/netutil"

	"ingestd/internal/config"
	"ingestd/internal/health"
	"ingestd/internal/store"
)

const (
	// maxConns bounds the connections that are open at once.
	maxConns = 64
	// patience is how long a request waits for the database.
	patience = 5 * time.Second
	// listenAgain is how often an address is tried that cannot be had.
	listenAgain = 15 * time.Second
)

// A Source is where the server takes from what it shows. Its methods are called
// by many requests at once.
type Source interface {
	// Snapshot is how everything stands. It is kept for a while, so that many
	// may look, and asks the database twice at most.
	Snapshot(ctx context.Context) health.Snapshot
	// RunsWithNews are the newest runs that found something, failed or go on, of a
	// tenant or of all (uuid.Nil).
	RunsWithNews(ctx context.Context, tenant uuid.UUID, limit int) ([]store.PastRun, error)
	// RejectReasons counts the open rejects of a tenant by endpoint and reason.
	RejectReasons(ctx context.Context, tenant uuid.UUID) ([]store.RejectReason, error)
	// Pool is how the connections to the database are used.
	Pool() store.Pool
}

// A Server is the daemon's. Make one with New.
type Server struct {
	config  config.Server
	log     *zap.Logger
	handler http.Handler
	again   time.Duration          // when an address is tried anew that cannot be had
	address atomic.Pointer[string] // that it listens on; nil before
}

// New makes a server; it listens once it runs.
func New(c config.Server, source Source, metrics prometheus.Gatherer, log *zap.Logger) *Server {
	return &Server{config: c, log: log, again: listenAgain, handler: newHandler(c, source, metrics)}
}

// Run serves until ctx ends. An address that cannot be had is warned of once and
// tried again: whoever reads goes on meanwhile.
func (s *Server) Run(ctx context.Context) {
	for warned := false; ctx.Err() == nil; {
		listener, err := net.Listen("tcp", s.config.Listen)
		if err == nil {
			warned = false
			err = s.serve(ctx, listener)
		}
		if ctx.Err() != nil {
			return
		}
		if !warned {
			s.log.Warn("no page and no metrics; reading goes on, and the address is tried again; "+
				"if another program has it, give this one another: server.listen",
				zap.String("listen", s.config.Listen), zap.Duration("again_in", s.again), zap.Error(err))
			warned = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.again):
		}
	}
}

func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	at := listener.Addr().String()
	s.address.Store(&at)
	defer s.address.Store(nil)
	s.log.Info("serving page and metrics", zap.String("url", s.URL()))
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute, // a profile takes 30 seconds
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          errorLog(s.log),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	return server.Serve(netutil.LimitListener(listener, maxConns))
}

// URL is the address of the page; empty while the server does not listen.
func (s *Server) URL() string {
	at := s.address.Load()
	if at == nil {
		return ""
	}
	host, port, _ := net.SplitHostPort(*at)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/"}
	return u.String()
}

func newHandler(c config.Server, source Source, metrics prometheus.Gatherer) http.Handler {
	h := handler{source}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.page)
	mux.HandleFunc("GET /t/{tenant}", h.tenant)
	mux.HandleFunc("GET /api/status", h.status)
	mux.HandleFunc("GET /healthz", h.healthz)
	mux.HandleFunc("GET /readyz", h.readyz)
	mux.HandleFunc("GET /freshness", h.freshness)
	mux.Handle("GET /metrics", metricsHandler(metrics))
	mux.HandleFunc("GET /assets/{name}", serveAsset)
	if c.PProf {
		addProfiles(mux)
	}
	return guard(c, mux)
}

// A handler answers requests from a source.
type handler struct{ source Source }

func (h handler) snapshot(r *http.Request) (health.Snapshot, context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	return h.source.Snapshot(ctx), ctx, cancel
}

// errorLog takes what net/http has to say of requests, which is of no use to an
// operator unless something here panicked.
func errorLog(to *zap.Logger) *log.Logger {
	standard, _ := zap.NewStdLogAt(to, zap.DebugLevel)
	return standard
}

func addProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}
