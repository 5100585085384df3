package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"ingestd/internal/mapping"
)

// pruneRows is about how many rows are deleted in one transaction, and pruneRecords
// how many call records, each of which has dozens of rows.
const (
	pruneRows    = 5000
	pruneRecords = 80
)

var (
	pruneWho = statement("prune_who")
	pruneRaw = statement("prune_raw")
	keptFrom = statement("kept_from")
)

// byLoop begins a transaction that finds the rows of each deleted one by an index:
// the planner does not know how few they are, and would read whole tables.
var byLoop = pgx.TxOptions{
	BeginQuery: byIndex.BeginQuery + "; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
}

// pruneStatements delete rows that are past their term.
type pruneStatements struct {
	tenants, end, delete, mark, count string
	lock                              string // before delete; empty: it needs none

	limit int // about how many go at a time
}

func newPruneStatements(root *mapping.Layout, time string, lead []string) pruneStatements {
	return makePruneStatements("prune_rows", pruneRows, append(names(root, lead),
		"{time}", time, "{kept_from}", "kept_from", "{begins}", "'-infinity'::timestamptz"))
}

// newPruneRecords makes the statements for call records with all that is theirs.
func newPruneRecords(m *mapping.Model) pruneStatements {
	s := makePruneStatements("call_records_prune", pruneRecords, append(recordNames(m, ""),
		"{kept_from}", "kept_from", "{begins}", "'-infinity'::timestamptz"))
	s.lock = statement("call_records_prune_lock")
	return s
}

// newPruneDetails makes the statements for the details of call records. The calls
// stay, so it begins where it ended.
func newPruneDetails(m *mapping.Model) pruneStatements {
	const begins = "coalesce(e.details_kept_from, '-infinity')"
	return makePruneStatements("call_records_prune_details", pruneRecords, append(
		recordNames(m, " AND gone.month = ''"),
		"{month_of}", monthOf, "{kept_from}", "details_kept_from", "{begins}", begins))
}

// recordNames are the names of call records. Their details are deleted on a condition.
func recordNames(m *mapping.Model, condition string) []string {
	var children []string
	for i, table := range m.Tables[1:] {
		const one = "t%d AS (\n\tDELETE FROM teams.%s t\n\tUSING gone\n" +
			"\tWHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id%s\n)"
		children = append(children, fmt.Sprintf(one, i+1, table.Name, condition))
	}
	return []string{"{table}", m.Tables[0].Name, "{time}", "start_at", "{children}", strings.Join(children, ", ")}
}

func makePruneStatements(rows string, limit int, names []string) pruneStatements {
	return pruneStatements{
		tenants: statement("prune_tenants", names...), end: statement("prune_end", names...),
		delete: statement(rows, names...), mark: statement("prune_mark", names...),
		count: statement("prune_count", names...), limit: limit,
	}
}

// A Pruning deletes what lies before a time: rows of an endpoint, or the details of
// call records.
type Pruning struct {
	Target  *Target
	Details bool
	Tenants []uuid.UUID
	Before  time.Time
	Waiting int // tenants left for another time, as figures of old days are to be computed first

	limit   int                // of a slice; zero: as many as are meant to be
	tenants []string           // those that are pruned; nil before the first slice
	from    pgtype.Timestamptz // all before is done
}

func (p *Pruning) statements() pruneStatements {
	if p.Details {
		return p.Target.records.pruneDetails
	}
	return p.Target.prune
}

// Prune deletes the next slice of what is old, the oldest first, with a tombstone for
// each row, in one transaction: in it moves the time from which rows are kept, and the
// days that read such rows keep their figures. It returns how many rows went, or how
// many records whose details did, and whether there is more.
//
// A tenant whose figures of such days are to be computed first is left for another
// time. A row that a slow writer stores after all goes the next time. Details in tables of
// a month go with these (DropMonth).
func (db *DB) Prune(ctx context.Context, p *Pruning) (rows int64, more bool, err error) {
	next := *p
	err = db.again(ctx, "delete old rows of "+p.Target.Endpoint, saveTimeout, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, db.pool, byLoop, func(tx pgx.Tx) (err error) {
			next = *p
			rows, more, err = next.slice(ctx, tx)
			return err
		})
	})
	if err != nil {
		return 0, false, err
	}
	*p = next
	return rows, more, nil
}

func (p *Pruning) slice(ctx context.Context, tx pgx.Tx) (rows int64, more bool, err error) {
	s := p.statements()
	if err := p.findTenants(ctx, tx, s.tenants); err != nil || len(p.tenants) == 0 {
		return 0, false, err
	}
	to, more, err := p.end(ctx, tx, s)
	if err != nil {
		return 0, false, err
	}
	// What else can take the place of these rows, as a table that is dropped, goes here.
	if s.lock != "" {
		if _, err := tx.Exec(ctx, s.lock, p.tenants, p.from, to); err != nil {
			return 0, false, err
		}
	}
	tag, err := tx.Exec(ctx, s.delete, p.tenants, p.from, to)
	if err != nil {
		return 0, false, err
	}
	if !more {
		if _, err := tx.Exec(ctx, pruneRaw, p.tenants, p.Target.Endpoint, to); err != nil {
			return 0, false, err
		}
	}
	p.from = pgtype.Timestamptz{Time: to, Valid: true}
	_, err = tx.Exec(ctx, s.mark, p.tenants, p.Target.Endpoint, to)
	return tag.RowsAffected(), more, err
}

// findTenants finds the tenants that can be pruned. One that cannot be now is left out
// until the end.
func (p *Pruning) findTenants(ctx context.Context, tx pgx.Tx, query string) error {
	wanted, from := p.tenants, &p.from
	if wanted == nil {
		wanted = texts(p.Tenants)
	} else {
		from = new(pgtype.Timestamptz) // where the last slice ended is known better
	}
	var waiting int
	err := tx.QueryRow(ctx, query, wanted, p.Target.Endpoint, p.Before).Scan(&p.tenants, &waiting, from)
	p.Waiting += waiting
	return err
}

// end is where a slice ends, and whether it is not the last.
func (p *Pruning) end(ctx context.Context, tx pgx.Tx, s pruneStatements) (to time.Time, more bool, err error) {
	err = tx.QueryRow(ctx, s.end, p.tenants, p.from, p.Before, cmp.Or(p.limit, s.limit)).Scan(&to)
	if errors.Is(err, pgx.ErrNoRows) {
		return p.Before, false, nil
	}
	return to.Add(time.Microsecond), true, err
}

// Old is how many rows of a tenant, or months of all, are past their term, and from when
// to when.
type Old struct {
	Tenant      uuid.UUID
	Rows        int64
	First, Last *time.Time // nil: such rows have no time
}

// CountOld counts what Prune would delete.
func (db *DB) CountOld(ctx context.Context, p *Pruning) ([]Old, error) {
	return db.countOld(ctx, p.statements().count, p.Tenants, p.Before)
}

func (db *DB) countOld(ctx context.Context, query string, tenants []uuid.UUID, before time.Time) ([]Old, error) {
	return listWithin[Old](ctx, db, "count what is old", saveTimeout, query, texts(tenants), before)
}

// Prunable returns the tenants whose rows may be pruned: those given, as far as they
// were read, and those that nobody reads any more. now is Graph's time as it was last
// known here; nil if it never was, and then nothing can be said to be old.
func (db *DB) Prunable(ctx context.Context, tenants []uuid.UUID) (prunable []uuid.UUID, now *time.Time, err error) {
	found, err := list[struct {
		Tenants []uuid.UUID
		Now     *time.Time
	}](ctx, db, "look for what is old", pruneWho, texts(tenants))
	if err != nil {
		return nil, nil, err
	}
	return found[0].Tenants, found[0].Now, nil
}

// queueKeptFrom asks before when rows of an endpoint may have been deleted by
// retention, along with a statement that is sent anyway. kept stays zero if none were.
func queueKeptFrom(b *pgx.Batch, run *Run, kept *time.Time) {
	b.Queue(keptFrom, run.Tenant, run.Endpoint).QueryRow(func(row pgx.Row) error {
		var at *time.Time
		if err := row.Scan(&at); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if at != nil {
			*kept = *at
		}
		return nil
	})
}
