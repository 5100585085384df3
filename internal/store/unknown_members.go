package store

import (
	"context"
	"time"

	"ingestd/internal/mapping"
)

// An UnknownMember is a member that Graph serves and that has no column.
type UnknownMember struct {
	Endpoint, Member string
	FirstSeenAt      time.Time // by the database's clock
}

// NoteUnknownMembers notes members of an endpoint that have no column. Of those
// known when each was first served stays. From the 51st of an endpoint on they
// are one: other.
func (db *DB) NoteUnknownMembers(ctx context.Context, endpoint string, members []string) error {
	return db.exec(ctx, "note unknown members of "+endpoint, `
		INSERT INTO ingest.unknown_members (endpoint, member)
		SELECT DISTINCT $1, CASE WHEN known.n + row_number() OVER (ORDER BY member) <= $3 THEN member ELSE $4 END
		FROM unnest($2::text[]) AS served (member),
			(SELECT count(*) AS n FROM ingest.unknown_members WHERE endpoint = $1 AND member <> $4) AS known
		WHERE NOT EXISTS (SELECT 1 FROM ingest.unknown_members u WHERE u.endpoint = $1 AND u.member = served.member)
		ON CONFLICT DO NOTHING`, endpoint, members, mapping.MostNames, mapping.Other)
}
