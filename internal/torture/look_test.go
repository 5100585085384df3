package torture

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
)

// A look is what the database says at one moment.
type look struct {
	endpoints map[string]ledger
	stored    map[string]map[string]stored // by endpoint and key
	rejected  map[string]map[string]bool   // by endpoint: keys of those that are open, and raw elements
	runs      []run
	faults    []string // found by asking the database alone
}

// A ledger is what is noted of an endpoint.
type ledger struct {
	Origin, Watermark, SettledUntil time.Time
	KeptFrom, DetailsKeptFrom       time.Time // zero: all are kept
	slots                           []slot
}

type slot struct {
	From, To, ReadAt time.Time
	Settled          bool
	Failed           bool // is said of it, though it was read later
}

// stored is a row of one of the six tables.
type stored struct {
	Key       string
	Says      int64 // as in a sight
	UpdatedAt time.Time
	Details   *int64 // version of the details; of call records only
}

type run struct {
	ID                                      int64
	Seen, New, Changed, Unchanged, Rejected int64
}

// look asks for all of it in one snapshot: a session whose client was killed may still commit.
func (w *world) look() *look {
	w.Helper()
	w.reconnect()
	l := &look{
		endpoints: map[string]ledger{}, stored: map[string]map[string]stored{}, rejected: map[string]map[string]bool{},
	}
	err := pgx.BeginTxFunc(w.Context(), w.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error {
			for _, e := range fetch.Endpoints {
				if err := l.take(w.Context(), tx, e); err != nil {
					return err
				}
			}
			var err error
			l.runs, err = rowsOf(w.Context(), tx, pgx.RowToStructByPos[run], `
				SELECT run_id, rows_seen, rows_new, rows_changed, rows_unchanged, rows_rejected FROM ingest.runs`)
			if err != nil {
				return err
			}
			return l.ask(w.Context(), tx)
		})
	if err != nil {
		w.Fatal(err)
	}
	return l
}

func rowsOf[T any](ctx context.Context, tx pgx.Tx, to pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, to)
}

// take asks about one endpoint.
func (l *look) take(ctx context.Context, tx pgx.Tx, e fetch.Endpoint) error {
	noted, err := rowsOf(ctx, tx, func(row pgx.CollectableRow) (n ledger, err error) {
		return n, row.Scan(&n.Origin, &n.Watermark, &n.SettledUntil, &n.KeptFrom, &n.DetailsKeptFrom)
	}, `SELECT origin, watermark, settled_until, coalesce(kept_from, '0001-01-01Z'),
			coalesce(details_kept_from, '0001-01-01Z')
		FROM ingest.endpoints WHERE tenant_id = $1 AND endpoint = $2`, tenant, e.Name)
	if err != nil {
		return err
	}
	var of ledger
	if len(noted) > 0 {
		of = noted[0]
	}
	of.slots, err = rowsOf(ctx, tx, pgx.RowToStructByPos[slot], `
		SELECT slot_from, slot_to, read_at, settled, EXISTS (
			SELECT 1 FROM ingest.parked p
			WHERE p.tenant_id = s.tenant_id AND p.endpoint = s.endpoint AND p.slot_from = s.slot_from
				AND p.failed_at < s.read_at)
		FROM ingest.slots s WHERE tenant_id = $1 AND endpoint = $2 ORDER BY slot_from`, tenant, e.Name)
	if err != nil {
		return err
	}
	l.endpoints[e.Name] = of
	list, err := rowsOf(ctx, tx, pgx.RowToStructByPos[stored], statementOf(e), tenant)
	if err != nil {
		return err
	}
	l.stored[e.Name] = map[string]stored{}
	for _, s := range list {
		if _, twice := l.stored[e.Name][s.Key]; twice {
			l.faults = append(l.faults, fmt.Sprintf("%s: %s is stored twice", e.Name, s.Key))
		}
		l.stored[e.Name][s.Key] = s
	}
	return l.takeRejects(ctx, tx, e)
}

// statementOf asks for an endpoint's rows. The key is not trusted to be one.
func statementOf(e fetch.Endpoint) string {
	key := e.Rows.Tables[0].Columns[0].Name + `::text`
	switch {
	case e.Versioned:
		return `SELECT id::text, version, updated_at, details_version FROM teams.call_records WHERE tenant_id = $1`
	case e.Aggregate:
		key = `to_char(window_from AT TIME ZONE 'UTC', 'YYYY-MM-DD ') || ` + key
	}
	return fmt.Sprintf(`SELECT %s, row_hash, updated_at, NULL::bigint FROM teams.%s WHERE tenant_id = $1`, key, e.Name)
}

func (l *look) takeRejects(ctx context.Context, tx pgx.Tx, e fetch.Endpoint) error {
	type reject struct {
		Key string // of one that is open
		Raw []byte
	}
	list, err := rowsOf(ctx, tx, pgx.RowToStructByPos[reject], `
		SELECT CASE WHEN resolved_at IS NULL AND NOT stored THEN coalesce(key, '') ELSE '' END, raw
		FROM ingest.rejects WHERE tenant_id = $1 AND endpoint = $2`, tenant, e.Name)
	l.rejected[e.Name] = map[string]bool{}
	for _, r := range list {
		l.rejected[e.Name][r.Key], l.rejected[e.Name][string(r.Raw)] = true, true
	}
	return err
}

// ask has the database count what must not be there.
func (l *look) ask(ctx context.Context, tx pgx.Tx) error {
	var wrong []string
	for _, child := range fetch.CallRecords.Rows.Tables[1:] {
		wrong = append(wrong, fmt.Sprintf(`
			SELECT 'rows of %s of a record without details', count(*) FROM teams.%[1]s c WHERE NOT EXISTS (
				SELECT 1 FROM teams.call_records r
				WHERE r.tenant_id = c.tenant_id AND r.id = c.call_id AND r.details_version IS NOT NULL)`, child.Name))
	}
	wrong = append(wrong, `
		SELECT 'records with more or fewer sessions than they say', count(*) FROM teams.call_records c
		WHERE details_version IS NOT NULL AND session_count <> (
			SELECT count(*) FROM teams.sessions s WHERE s.tenant_id = c.tenant_id AND s.call_id = c.id)
			AND NOT EXISTS (
				SELECT 1 FROM ingest.endpoints e
				WHERE e.endpoint = 'call_records' AND c.start_at < e.details_kept_from)`, `
		SELECT 'records with details of a version that was not listed', count(*) FROM teams.call_records
		WHERE details_version > version`, `
		SELECT 'records of a version that was not noted', count(*) FROM teams.call_records c WHERE NOT EXISTS (
			SELECT 1 FROM teams.call_record_versions v
			WHERE v.tenant_id = c.tenant_id AND v.call_id = c.id AND v.version = c.version)`)
	type count struct {
		What string
		N    int
	}
	counts, err := rowsOf(ctx, tx, pgx.RowToStructByPos[count], strings.Join(wrong, " UNION ALL "))
	for _, c := range counts {
		if c.N > 0 {
			l.faults = append(l.faults, fmt.Sprintf("%d %s", c.N, c.What))
		}
	}
	return err
}
