package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"ingestd/internal/health"
	"ingestd/internal/store"
	"ingestd/internal/web"
)

// A ledger is what the page shows: what package health makes of the database,
// and lists of it.
type ledger struct {
	*health.Watch
	*store.DB
}

// newServer makes the server that shows what a source says, and what was counted.
func (a *app) newServer(source web.Source) *web.Server {
	metrics := prometheus.NewRegistry()
	a.counters.Register(metrics, web.NewSurvey(source))
	return web.New(a.config.Server, source, metrics, a.log)
}

// serve shows how everything stands until the function it returns is called,
// which waits for the end of the requests at hand.
func (a *app) serve(ctx context.Context) (stop func()) {
	if !a.config.Server.Enabled() {
		return func() {}
	}
	a.server = a.newServer(ledger{health.NewWatch(a.config, a.db), a.db})
	return background(ctx, a.server.Run)
}

// background runs something until the function it returns is called, which waits for its
// end.
func background(ctx context.Context, run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}
