package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// A Subscription has Graph notify this program of changes of a tenant's call
// records. Times are Graph's.
type Subscription struct {
	Tenant      uuid.UUID
	ID          *uuid.UUID // nil while it is being made
	URL         string     // where notifications are sent
	StateHash   []byte     // SHA-256 of the secret that each of them bears
	ExpiresAt   *time.Time
	RenewedAt   *time.Time // or made
	Reauthorize bool       // Graph has asked for it to be renewed since
	MissedAt    *time.Time // when notifications were last known to be missing
	NotifiedAt  *time.Time // when a call record was told last
	UsualGap    *float64   // seconds between notifications, those of five seconds taken as one
	Error       *string    // why it could not be made, found or renewed
}

// Subscriptions returns those of some tenants.
func (db *DB) Subscriptions(ctx context.Context, tenants ...uuid.UUID) ([]Subscription, error) {
	return list[Subscription](ctx, db, "read subscriptions", `
		SELECT tenant_id, subscription_id, notification_url, client_state_hash, expires_at, renewed_at, reauthorize,
			missed_at, notified_at, usual_gap_s, error
		FROM ingest.subscriptions
		WHERE tenant_id = ANY ($1::text[]::uuid[])`, texts(tenants))
}

// PutSubscription notes a subscription, but for what notifications note. That Graph
// has asked for it to be renewed is forgotten if it has been answered.
func (db *DB) PutSubscription(ctx context.Context, s Subscription, answered bool) error {
	return db.exec(ctx, "note a subscription", `
		INSERT INTO ingest.subscriptions AS s
			(tenant_id, subscription_id, notification_url, client_state_hash, expires_at, renewed_at, missed_at, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (tenant_id) DO UPDATE
		SET (subscription_id, notification_url, client_state_hash, expires_at, renewed_at) =
			(excluded.subscription_id, excluded.notification_url, excluded.client_state_hash, excluded.expires_at,
			 excluded.renewed_at),
			missed_at = greatest(excluded.missed_at, s.missed_at), error = excluded.error,
			reauthorize = s.reauthorize AND NOT $9`,
		s.Tenant, s.ID, s.URL, s.StateHash, s.ExpiresAt, s.RenewedAt, s.MissedAt, s.Error, answered)
}

// NoteLifecycle notes what Graph said of a subscription: that it wants to be
// renewed, or that notifications are missing.
func (db *DB) NoteLifecycle(ctx context.Context, tenant uuid.UUID, at time.Time, missed bool) error {
	return db.exec(ctx, "note an event of a subscription", `
		UPDATE ingest.subscriptions
		SET reauthorize = reauthorize OR NOT $3,
			missed_at = CASE WHEN $3 THEN greatest(missed_at, $2) ELSE missed_at END
		WHERE tenant_id = $1`, tenant, at, missed)
}
