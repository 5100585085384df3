package notify_test

import (
	"testing"

	"ingestd/internal/notify/hubtest"
)

// What waits in a hub is what its consumer group has not marked as read, whether it has read anything or not.
func TestWaiting(t *testing.T) {
	t.Parallel()
	h := hubtest.New(t)
	wait := func(want int64) {
		t.Helper()
		if n, err := h.Hub().Waiting(t.Context()); n != want || err != nil {
			t.Errorf("%d messages wait, want %d: %v", n, want, err)
		}
	}
	wait(0)
	send(t, h, body(1), body(2), body(3))
	wait(3)
	first := read(t, h.Hub(), &desk{})
	h.Read()
	first.stop()
	wait(0)
	send(t, h, body(4), body(5))
	wait(2)
}
