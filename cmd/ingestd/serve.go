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

// serve shows how everything stands until the function it returns is called,
// which waits for the end of the requests at hand.
func (a *app) serve(ctx context.Context) (stop func()) {
	if !a.config.Server.Enabled() {
		return func() {}
	}
	source := ledger{health.NewWatch(a.config, a.db), a.db}
	metrics := prometheus.NewRegistry()
	a.counters.Register(metrics, web.NewSurvey(source))
	a.server = web.New(a.config.Server, source, metrics, a.log)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.server.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}
