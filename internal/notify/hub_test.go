package notify_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"ingestd/internal/notify"
	"ingestd/internal/notify/hubtest"
)

// A reading is a reader at work.
type reading struct {
	*notify.Reader
	stop func()
}

// read has a room take what is in a hub, until it is stopped.
func read(t *testing.T, h *notify.Hub, d *desk) *reading {
	t.Helper()
	return readLogged(t, h, d, zap.NewNop())
}

// readLogged is read with a log.
func readLogged(t *testing.T, h *notify.Hub, d *desk, log *zap.Logger) *reading {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	room := newRoom(t, d, log)
	r := &reading{Reader: &notify.Reader{Hub: h, Room: room, Log: log}}
	running.Go(func() { room.Run(ctx) })
	running.Go(func() { r.Run(ctx) })
	r.stop = func() { cancel(); running.Wait() }
	t.Cleanup(r.stop)
	return r
}

// send puts messages into a hub.
func send(t *testing.T, h *hubtest.Hub, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		if err := h.Send(t.Context(), []byte(b)); err != nil {
			t.Fatal(err)
		}
	}
}

// stored is how many different ids a desk was handed.
func (d *desk) stored() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := map[uuid.UUID]bool{}
	for _, b := range d.batches {
		for _, id := range b {
			ids[id] = true
		}
	}
	return len(ids)
}

// eventually waits until something holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("not within a minute")
		}
	}
}

// Each message of a hub is read, whatever is between them, and marked as read once it is stored: by two readers
// together, by one that signs in by a token where the other has stopped, and after the hub was gone. None waits for a
// hub that is gone when it is told to stop.
func TestHubIsRead(t *testing.T) {
	t.Parallel()
	h, d := hubtest.New(t), &desk{}
	large := `{"value": ["` + strings.Repeat("x", 300<<10) + `"]}`
	send(t, h, body(1), "no JSON", "", large, body(2), `{"value": [{"subscriptionId": "NA", "clientState": "NA"}]}`)
	first := read(t, h.Hub(), d)
	h.Read()
	byToken := h.Hub()
	byToken.ConnectionString = nil
	byToken.Token = func(context.Context) (string, error) { return "a token", nil }
	second := read(t, byToken, d)
	h.Shared(2)
	send(t, h, body(3), body(4))
	h.Read()
	first.stop()
	send(t, h, body(5))
	h.Read()
	h.Stop()
	h.Start()
	send(t, h, body(6))
	h.Read()
	if n := d.stored(); n != 6 || first.Err() != nil || second.Err() != nil || h.Tokens() == 0 {
		t.Errorf("%d ids are stored, want 6: %v, %v; %d times by a token", n, first.Err(), second.Err(), h.Tokens())
	}
	h.Stop()
	second.stop()
}

// Nothing is marked as read that is not stored: who dies before that, or has no database, leaves it to the next.
func TestHubIsReadAgain(t *testing.T) {
	t.Parallel()
	h := hubtest.New(t)
	d := &desk{fails: errors.New("no database")}
	failing := read(t, h.Hub(), d)
	send(t, h, body(1), body(2))
	eventually(t, func() bool { d.mu.Lock(); defer d.mu.Unlock(); return len(d.batches) > 1 })
	if n := h.Marked(); n > 0 {
		t.Errorf("%d messages are marked that were not stored", n)
	}
	failing.stop()
	next := &desk{}
	read(t, h.Hub(), next)
	h.Read()
	if n := next.stored(); n != 2 {
		t.Errorf("%d ids are stored, want 2", n)
	}
}

// A tenant of which too many wait keeps no other tenant's messages waiting: what is told of it is dropped, counted and
// warned of once.
func TestHubOfFullTenant(t *testing.T) {
	t.Parallel()
	h, d := hubtest.New(t), &desk{}
	core, logs := observer.New(zap.WarnLevel)
	reads := readLogged(t, h.Hub(), d, zap.New(core))
	of := strings.NewReplacer(tenant.String(), crowded.String())
	both := strings.Replace(body(4, 5), tenant.String(), crowded.String(), 1)
	send(t, h, of.Replace(body(1)), body(2), of.Replace(body(3)), both)
	h.Read()
	reads.stop()
	want := map[notify.Outcome]int{notify.Accepted: 2, notify.Full: 3}
	diff := cmp.Diff(want, d.seen)
	if diff != "" || d.stored() != 2 || logs.Len() != 1 || reads.Err() != nil {
		t.Errorf("%d ids are stored, logged %v, error %v; outcomes (-want +got):\n%s",
			d.stored(), logs.All(), reads.Err(), diff)
	}
}

// What keeps a hub from being read is said in words, with what to do, and without secrets.
func TestHubSaysWhy(t *testing.T) {
	t.Parallel()
	h := hubtest.New(t)
	for _, c := range []struct {
		name   string
		change func(*notify.Hub)
		want   string
	}{
		{"as it should be", func(*notify.Hub) {}, ""},
		{"wrong connection string", func(h *notify.Hub) {
			h.ConnectionString = func() (string, error) { return "Endpoint=sb://wrong", nil }
		}, "connection_string_file holds a connection string with the right Listen"},
		{"wrong token", func(h *notify.Hub) {
			h.ConnectionString, h.Token = nil, func(context.Context) (string, error) { return hubtest.WrongToken, nil }
		}, "has the role Azure Event Hubs Data Receiver"},
		{"no token", func(h *notify.Hub) {
			h.ConnectionString, h.Token = nil, func(context.Context) (string, error) { return "", errors.New("denied") }
		}, "denied"},
		{"no file", func(h *notify.Hub) {
			h.ConnectionString = func() (string, error) { return "", errors.New("the file is gone") }
		}, "connection_string_file: the file is gone"},
		{"no such hub", func(h *notify.Hub) { h.Name = "calls" }, `no hub "calls"`},
		{"unknown authority", func(h *notify.Hub) { h.Roots = nil }, "certificate"},
		{"nobody there", func(h *notify.Hub) { h.Host = "127.0.0.1:1" }, "connection refused"},
	} {
		hub := h.Hub()
		c.change(hub)
		text := ""
		if err := hub.Try(t.Context()); err != nil {
			text = err.Error()
		}
		told := strings.Contains(text, "SharedAccessKey=")
		if !strings.Contains(text, c.want) || (text == "") != (c.want == "") || told {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}
