package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// A Tenant is what is noted about one tenant.
type Tenant struct {
	ID               uuid.UUID
	Name             string
	Cloud            string
	CredentialKind   string
	CredentialEndsAt *time.Time // nil: not known
	ClockSkew        *float64   // Graph's clock minus the local one, in seconds; nil: not known
	Daemon           *uuid.UUID // that works on it; nil: leave it as it is noted
}

// PutTenant notes a tenant. A skew that is within a second of the one noted
// writes nothing.
func (db *DB) PutTenant(ctx context.Context, t Tenant) error {
	return db.exec(ctx, "note tenant "+t.Name, `
		INSERT INTO ingest.tenants AS t
			(tenant_id, name, cloud, credential_kind, credential_ends_at, clock_skew_s, daemon_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant_id) DO UPDATE
		SET name = excluded.name,
			cloud = excluded.cloud,
			credential_kind = excluded.credential_kind,
			credential_ends_at = excluded.credential_ends_at,
			clock_skew_s = excluded.clock_skew_s,
			daemon_id = coalesce(excluded.daemon_id, t.daemon_id)
		WHERE (t.name, t.cloud, t.credential_kind, t.credential_ends_at, t.clock_skew_s IS NULL)
				IS DISTINCT FROM (excluded.name, excluded.cloud, excluded.credential_kind, excluded.credential_ends_at,
					excluded.clock_skew_s IS NULL)
			OR coalesce(excluded.daemon_id, t.daemon_id) IS DISTINCT FROM t.daemon_id
			OR abs(excluded.clock_skew_s - t.clock_skew_s) >= 1`,
		t.ID, t.Name, t.Cloud, t.CredentialKind, t.CredentialEndsAt, t.ClockSkew, t.Daemon)
}

// A Daemon is a process that reads, as it noted itself.
type Daemon struct {
	ID          uuid.UUID
	Host        string
	Version     string
	StartedAt   time.Time // set by the database, and so is the next
	HeartbeatAt time.Time
}

// NoteAlive notes that a daemon gives a sign of life.
func (db *DB) NoteAlive(ctx context.Context, d Daemon) error {
	return db.exec(ctx, "note that the daemon is alive", `
		INSERT INTO ingest.daemons (daemon_id, host, version)
		VALUES ($1, $2, $3)
		ON CONFLICT (daemon_id) DO UPDATE SET heartbeat_at = clock_timestamp()`, d.ID, d.Host, d.Version)
}
