package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// A ParkedSlot is a slot that could not be read although others could, and was
// not read since.
type ParkedSlot struct {
	From, To  time.Time
	Failures  int       // runs that failed at it
	FailedAt  time.Time // Graph's time of the last failure
	RequestID *string   // of that; nil where Graph did not answer
	Code      string    // its cause, as a code of package health
	Error     string    // what it failed with, with the next step
}

// ParkedSlots returns the slots that failed and begin at a time or after it,
// oldest first.
func (db *DB) ParkedSlots(
	ctx context.Context, tenant uuid.UUID, endpoint string, from time.Time,
) ([]ParkedSlot, error) {
	return list[ParkedSlot](ctx, db, "read parked slots of "+endpoint, `
		SELECT slot_from, slot_to, failures, failed_at, request_id, code, error
		FROM ingest.parked
		WHERE tenant_id = $1 AND endpoint = $2 AND slot_from >= $3
		ORDER BY slot_from`, tenant, endpoint, from)
}
