package main

import (
	"context"
	"crypto/x509"
	"errors"
	"os"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	notifications "ingestd/internal/notify"
	"ingestd/internal/schedule"
)

// hear takes notifications for the jobs until the function it returns is called.
func (a *app) hear(ctx context.Context, jobs []*schedule.Job) (stop func(), err error) {
	n := a.config.Notifications
	if n.URL() == "" {
		return func() {}, nil
	}
	room, err := notifications.New(n.URL(), schedule.NewIntake(jobs), a.counters.Notified, a.log)
	if err != nil {
		return nil, err
	}
	take := a.listen
	if n.EventHub.Enabled() {
		take = a.readHub
	}
	run, err := take(room, jobs)
	if err != nil {
		return nil, err
	}
	handsOn, takes := background(ctx, room.Run), background(ctx, run)
	return func() { takes(); handsOn() }, nil
}

// listen prepares to have a room answer Graph.
func (a *app) listen(room *notifications.Room, _ []*schedule.Job) (run func(context.Context), err error) {
	w := a.config.Notifications.Webhook
	listener := notifications.Listener{Address: w.Listen, Room: room, Log: a.log}
	if w.CertificateFile != "" {
		if listener.Pair, err = notifications.NewPair(w.CertificateFile, w.KeyFile); err != nil {
			return nil, errConfig("notifications.webhook: " + err.Error())
		}
	}
	return listener.Run, nil
}

// readHub prepares to have a room take what Graph sends to an event hub. The jobs note
// why it cannot be read.
func (a *app) readHub(room *notifications.Room, jobs []*schedule.Job) (run func(context.Context), err error) {
	hub, err := a.eventHub(a.client)
	if err != nil {
		return nil, err
	}
	reader := &notifications.Reader{Hub: hub, Room: room, Log: a.log}
	for _, j := range jobs {
		j.Unread = reader.Err
	}
	return reader.Run, nil
}

// eventHub is the hub that is configured; nil if none is. Where nothing else signs in,
// the first tenant's credential does.
func (a *app) eventHub(client func(config.Tenant) (*fetch.Client, error)) (*notifications.Hub, error) {
	h, first := a.config.Notifications.EventHub, a.config.Tenants[0]
	if !h.Enabled() {
		return nil, nil
	}
	hub := &notifications.Hub{Host: h.Host, Name: h.Hub, Group: h.ConsumerGroup}
	var err error
	if hub.Roots, err = withSystem(first.CAFile); err != nil {
		return nil, err
	}
	if h.ConnectionStringFile != "" {
		hub.ConnectionString = h.ConnectionString.Read
		return hub, nil
	}
	signs, err := client(first)
	if err != nil {
		return nil, err
	}
	hub.Token = func(ctx context.Context) (string, error) { return signs.Token(ctx, h.Scope()) }
	return hub, nil
}

// withSystem are the system's authorities and those of a file, if one is named; nil:
// the system's. An event hub is not behind the proxy that such a file may be for.
func withSystem(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, errors.New("the system's certificate authorities cannot be read: " + err.Error())
	}
	roots.AppendCertsFromPEM(pem)
	return roots, nil
}
