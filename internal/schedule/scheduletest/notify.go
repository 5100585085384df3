package scheduletest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/notify"
	"ingestd/internal/schedule"
)

// A listener is where Graph's notifications of a World arrive.
type listener struct {
	server *httptest.Server

	mu   sync.Mutex
	room http.Handler
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
	w.listener = l
}

// hear has the jobs take what arrives.
func (w *World) hear() {
	w.Helper()
	l := w.listener
	room, err := notify.New(w.notifyURL(), schedule.NewIntake(w.jobs), func(o notify.Outcome, n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen[o] += n
	}, w.config.Log)
	if err != nil {
		w.Fatal(err)
	}
	go room.Run(w.Context())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room = room
}

func (w *World) notifyURL() string { return w.listener.server.URL + "/notifications" }

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
	answer, err := w.listener.server.Client().Post(w.notifyURL(), "application/json", bytes.NewBufferString(body))
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
}

// Subscribe sees to the subscription, as a daemon does every few minutes.
func (w *World) Subscribe() error { return w.job.KeepSubscription(w.Context()) }

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
