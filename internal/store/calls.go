package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// A Call is what people ask first of a call, as it is stored.
type Call struct {
	ID          uuid.UUID
	Kind        *string // group or p2p
	StartAt     *time.Time
	Duration    *float64 // in seconds
	Peers       []string // names; of those without one a number, or what they are; the organizer first
	SetupFailed int      // segments
	Dropped     int      // segments
	Good, Poor  int      // streams of audio
	PoorReasons *string  // words with commas, some of them more than once
}

var tellCalls = statement("tell_calls")

// Calls tells of some calls whose details are stored. Where a user is named, Peers are
// the others, and the rest is about the user's own segments and the audio that the
// user sent.
func (db *DB) Calls(
	ctx context.Context, tenant uuid.UUID, ids []uuid.UUID, user *uuid.UUID,
) (map[uuid.UUID]Call, error) {
	found, err := listWithin[Call](ctx, db, "tell of calls", saveTimeout, tellCalls, tenant, texts(ids), user)
	calls := map[uuid.UUID]Call{}
	for _, c := range found {
		calls[c.ID] = c
	}
	return calls, err
}
