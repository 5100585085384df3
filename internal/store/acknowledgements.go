package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// An Acknowledgement says that someone took note of a loss: it stays listed,
// and is no trouble any more. One of a span covers the records that began in
// it too.
type Acknowledgement struct {
	Tenant   uuid.UUID
	Endpoint string
	From, To time.Time  // of a record: the start of the call, twice
	CallID   *uuid.UUID // of a record whose details are lost; nil: the span
	At       time.Time  // set by the database
	ByWhom   string
	Reason   string
}

// Acknowledge keeps acknowledgements; of a loss that has one the first stays.
func (db *DB) Acknowledge(ctx context.Context, list ...Acknowledgement) error {
	n := len(list)
	tenants, endpoints, from, to := make([]string, n), make([]string, n), make([]time.Time, n), make([]time.Time, n)
	calls, byWhom, reasons := make([]*string, n), make([]string, n), make([]string, n)
	for i, a := range list {
		tenants[i], endpoints[i], from[i], to[i] = a.Tenant.String(), a.Endpoint, a.From, a.To
		byWhom[i], reasons[i] = a.ByWhom, a.Reason
		if a.CallID != nil {
			id := a.CallID.String() // as text: not every query mode knows arrays of GUIDs
			calls[i] = &id
		}
	}
	return db.exec(ctx, "acknowledge a loss", `
		INSERT INTO ingest.acknowledgements (tenant_id, endpoint, span_from, span_to, call_id, by_whom, reason)
		SELECT *
		FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[])
		ON CONFLICT DO NOTHING`, tenants, endpoints, from, to, calls, byWhom, reasons)
}

// Acknowledgements returns those of losses that end after a time, or at it,
// oldest loss first.
func (db *DB) Acknowledgements(
	ctx context.Context, tenant uuid.UUID, endpoint string, from time.Time,
) ([]Acknowledgement, error) {
	return list[Acknowledgement](ctx, db, "read acknowledgements of "+endpoint, `
		SELECT tenant_id, endpoint, span_from, span_to, call_id, acknowledged_at, by_whom, reason
		FROM ingest.acknowledgements
		WHERE tenant_id = $1 AND endpoint = $2 AND span_to >= $3
		ORDER BY span_from, span_to, call_id NULLS FIRST`, tenant, endpoint, from)
}
