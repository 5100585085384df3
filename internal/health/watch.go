package health

import (
	"context"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/store"
)

// A Watch keeps the newest snapshot for those who ask often: the web page and
// the metrics. Its methods may be called side by side.
type Watch struct {
	config *config.Config
	db     *store.DB
}

// NewWatch watches what is configured. Nothing is asked before Snapshot.
func NewWatch(c *config.Config, db *store.DB) *Watch { return &Watch{c, db} }

// freshFor is how long a snapshot is fresh enough to be shown again.
const freshFor = 15 * time.Second

// Snapshot is the newest snapshot, at most freshFor old; the database is asked
// by one caller at a time. While it does not answer, it is Unanswered.
func (w *Watch) Snapshot(ctx context.Context) Snapshot {
	s, _ := Look(ctx, w.config, w.db, time.Now())
	return s
}
