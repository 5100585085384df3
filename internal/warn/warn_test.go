package warn_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/warn"
)

// A reason is new once, whatever request, time or session its error names, and again when there was another or none.
func TestOnce(t *testing.T) {
	t.Parallel()
	seconds := 0
	graph := func(kind fetch.Kind, status int) error {
		seconds++
		return fmt.Errorf("tenant: %w", &fetch.Error{Kind: kind, What: "subscriptions", Status: status,
			RequestID: uuid.NewString(), ClientRequestID: uuid.NewString(), Until: time.Unix(int64(seconds), 0),
			Err: fmt.Errorf("read tcp 127.0.0.1:%d", seconds)})
	}
	locked := func(pid int32) error {
		seconds++
		return &store.LockedError{Holder: store.Holder{PID: pid, Since: time.Unix(int64(seconds), 0)}}
	}
	var o warn.Once
	for n, step := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{graph(fetch.Denied, 403), true},
		{graph(fetch.Denied, 403), false},
		{graph(fetch.Refused, 400), true},
		{graph(fetch.Throttled, 429), true},
		{graph(fetch.Throttled, 429), false},
		{graph(fetch.Transient, 0), true},
		{graph(fetch.Transient, 0), false},
		{locked(7), true},
		{locked(7), false},
		{locked(8), true},
		{nil, false},
		{locked(8), true},
		{errors.New("no database"), true},
		{errors.New("no database"), false},
	} {
		if got := o.IsNew(step.err); got != step.want {
			t.Errorf("step %d: %v is new: %v", n, step.err, got)
		}
	}
}
