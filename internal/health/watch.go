package health

import (
	"context"
	"sync"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/store"
)

const (
	// freshFor is how long a snapshot is fresh enough to be shown again.
	freshFor = 15 * time.Second
	// lookFor is how long the database may take. One that takes longer does not
	// answer, whoever still waits: nothing shown would grow old unnoticed.
	lookFor = 4 * time.Second
)

// A Watch keeps the newest snapshot for those who ask often: the web page and
// the metrics. Its methods may be called side by side.
type Watch struct {
	config         *config.Config
	db             *store.DB
	fresh, looking time.Duration

	mu     sync.Mutex
	last   *Snapshot // that the database gave
	shown  Snapshot
	asked  time.Time
	failed time.Time // since when the database does not answer; zero: it does
}

// NewWatch watches what is configured. Nothing is asked before Snapshot.
func NewWatch(c *config.Config, db *store.DB) *Watch {
	return &Watch{config: c, db: db, fresh: freshFor, looking: lookFor}
}

// Snapshot is the newest snapshot, at most 15 seconds old; the database is asked
// by one caller at a time, also for those who no longer wait. While it does not
// answer, it is Unanswered.
func (w *Watch) Snapshot(ctx context.Context) Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.asked.IsZero() && time.Since(w.asked) < w.fresh {
		return w.shown
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.looking)
	defer cancel()
	now := time.Now()
	s, err := Look(ctx, w.config, w.db, now)
	if err == nil {
		w.last, w.failed = &s, time.Time{}
	} else {
		if w.failed.IsZero() {
			w.failed = now
		}
		s = Unanswered(w.last, w.config, err, w.failed, now)
	}
	w.shown, w.asked = s, time.Now()
	return s
}
