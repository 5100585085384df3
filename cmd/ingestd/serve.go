package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"ingestd/internal/health"
	notifications "ingestd/internal/notify"
	"ingestd/internal/schedule"
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

// hear takes notifications for the jobs until the function it returns is called.
func (a *app) hear(ctx context.Context, jobs []*schedule.Job) (stop func(), err error) {
	w := a.config.Notifications.Webhook
	if !w.Enabled() {
		return func() {}, nil
	}
	room, err := notifications.New(w.PublicURL, schedule.NewIntake(jobs), a.counters.Notified, a.log)
	if err != nil {
		return nil, err
	}
	listener := notifications.Listener{Address: w.Listen, Room: room, Log: a.log}
	if w.CertificateFile != "" {
		if listener.Pair, err = notifications.NewPair(w.CertificateFile, w.KeyFile); err != nil {
			return nil, errConfig("notifications.webhook: " + err.Error())
		}
	}
	handsOn, listens := background(ctx, room.Run), background(ctx, listener.Run)
	return func() { listens(); handsOn() }, nil
}
