package scheduletest

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/notify"
	"ingestd/internal/notify/hubtest"
	"ingestd/internal/schedule"
)

// A listener is where Graph's notifications of a World arrive.
type listener struct {
	url    string           // as Graph is told it
	server *httptest.Server // that is one, or
	hub    *hubtest.Hub
	stop   func() // ends the reading of the hub

	mu   sync.Mutex
	room *notify.Room
	seen map[notify.Outcome]int
}

// listen begins to listen, for the jobs that are made afterwards.
func (w *World) listen() {
	w.Helper()
	l := &listener{seen: map[notify.Outcome]int{}}
	l.server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		room := l.room
		l.mu.Unlock()
		room.ServeHTTP(rw, r)
	}))
	w.Cleanup(l.server.Close)
	l.url = l.server.URL + "/notifications"
	w.listener = l
}

// listenToHub has Graph send to an event hub, for the jobs that are made afterwards.
func (w *World) listenToHub() {
	w.Helper()
	hub := hubtest.New(w)
	w.Graph.SetEventHub(hub.Send)
	w.listener = &listener{
		hub: hub, stop: func() {}, seen: map[notify.Outcome]int{},
		url: "EventHub:https://127.0.0.1/eventhubname/" + hubtest.Name + "?tenantId=example.com",
	}
}

// hear has the jobs take what arrives.
func (w *World) hear() {
	w.Helper()
	l := w.listener
	room, err := notify.New(l.url, schedule.NewIntake(w.jobs), func(o notify.Outcome, n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen[o] += n
	}, w.config.Log)
	if err != nil {
		w.Fatal(err)
	}
	go room.Run(w.Context())
	if l.hub != nil {
		w.readHub(l, room)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room = room
}

// readHub has a room take what is in the hub, where the one before has stopped.
func (w *World) readHub(l *listener, room *notify.Room) {
	l.stop()
	ctx, cancel := context.WithCancel(w.Context())
	reader := &notify.Reader{Hub: l.hub.Hub(), Room: room, Log: w.config.Log}
	for _, j := range w.jobs {
		j.Unread = reader.Err
	}
	var running sync.WaitGroup
	running.Go(func() { reader.Run(ctx) })
	l.stop = func() { cancel(); running.Wait() }
	w.Cleanup(l.stop)
}

// StopReading ends the reading of the hub, as if the process had died.
func (w *World) StopReading() { w.listener.stop() }

// Hub is what Graph sends notifications to.
func (w *World) Hub() *hubtest.Hub { return w.listener.hub }

// Elsewhere is the same World with a daemon that Graph is to notify at another address.
func (w *World) Elsewhere() *World {
	w.Helper()
	other := *w
	other.listen()
	other.startDaemon()
	return &other
}

// Outcomes are what became of the notifications that arrived.
func (w *World) Outcomes() map[notify.Outcome]int {
	w.listener.mu.Lock()
	defer w.listener.mu.Unlock()
	seen := map[notify.Outcome]int{}
	for o, n := range w.listener.seen {
		seen[o] = n
	}
	return seen
}

// Post sends a body as Graph sends notifications, and returns the status of the answer.
func (w *World) Post(body string) int {
	w.Helper()
	answer, err := w.listener.server.Client().Post(w.listener.url, "application/json", bytes.NewBufferString(body))
	if err != nil {
		w.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// Notify has Graph send the notifications that are due, all of which must be taken.
func (w *World) Notify() {
	w.Helper()
	if _, refused := w.Graph.Notify(w.Context()); refused > 0 {
		w.Fatalf("%d notifications were refused", refused)
	}
	if hub := w.listener.hub; hub != nil {
		hub.Read()
	}
}

// Subscribe sees to the subscription, as a daemon does every few minutes.
func (w *World) Subscribe() error { return w.SubscribeWhile(w.Context()) }

// SubscribeWhile does as Subscribe until a context ends.
func (w *World) SubscribeWhile(ctx context.Context) error { return w.job.KeepSubscription(ctx) }

// Told reads what notifications told of if something is due, as a daemon does every
// few seconds, and returns how many records were stored.
func (w *World) Told() int {
	w.Helper()
	due, err := w.DB.FirstTold(w.Context(), []uuid.UUID{Tenant})
	if err != nil {
		w.Fatal(err)
	}
	if first, any := due[Tenant]; !any || first.After(w.Now()) {
		return 0
	}
	r, err := w.job.RunTold(w.Context(), "notification", func() bool { return false })
	if err != nil {
		w.Fatal(err)
	}
	return int(r.Details)
}

// Tick does one run, as a daemon does when its schedule comes round after a time.
func (w *World) Tick(every time.Duration) Result {
	w.Helper()
	w.job.Next = func(after time.Time) time.Time { return after.Truncate(every).Add(every) }
	r, err := w.job.Run(w.Context(), "schedule", func() bool { return false })
	if err != nil {
		w.Fatal(err)
	}
	return Result{Windows: r.Windows, Failed: r.Failed, Rows: r.Rows, Details: int(r.Details)}
}
