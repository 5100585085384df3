// Package export brings what schema analytics shows to where other programs read it:
// as Parquet files, as sources of dbt, and as a publication for logical replication.
//
// A file holds what a view shows of a tenant and a day. It is written again when the
// day has changed (ingest.changed_days, which a refresh of the rollups keeps), when
// its rows were not final, and when all are: in a new epoch of the feed, or after a
// list was edited. Days that retention has deleted rows of keep their files.
package export

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gocloud.dev/blob"

	"ingestd/internal/catalog"
	"ingestd/internal/store"
)

// Options say what is copied where.
type Options struct {
	To      string          // as OpenTarget takes it
	Views   []string        // empty: all
	Tenant  *uuid.UUID      // nil: all
	From    time.Time       // the first day; zero: as far back as there are any
	Until   time.Time       // the day after the last; zero: none
	Without []catalog.Class // personal data that is left out
}

// A Parquet keeps Parquet files of views.
type Parquet struct {
	db      *store.DB
	bucket  *blob.Bucket
	options Options
	mark    uint64          // the last transaction whose days are in the files
	looked  map[string]bool // views whose files were looked at
	told    func(View)      // hears of each view that is done
}

// A View is what a pass did with the files of a view.
type View struct {
	Name    string
	Written int   // files
	Rows    int64 // in them
	Same    int   // files that were computed, and had not changed
	Nulled  int64 // values that Parquet cannot hold, which are null in the files
}

// NewParquet prepares a copy. told, if not nil, hears of each view that is done.
func NewParquet(ctx context.Context, db *store.DB, o Options, told func(View)) (*Parquet, error) {
	bucket, err := OpenTarget(ctx, o.To)
	if told == nil {
		told = func(View) {}
	}
	return &Parquet{db: db, bucket: bucket, options: o, looked: map[string]bool{}, told: told}, err
}

// Close ends the use of the target.
func (p *Parquet) Close() error { return p.bucket.Close() }

// A pass is one run over all views.
type pass struct {
	*Parquet
	conn    *pgx.Conn
	epoch   string // empty: not known
	mark    uint64
	lists   string // a digest of the lists that views look into
	tenants []uuid.UUID
	days    []changedDay
	views   []view
}

// A changedDay is a day that has rows.
type changedDay struct {
	Tenant uuid.UUID
	Day    time.Time
	Xid    uint64 // the transaction that last changed what is shown of it
}

// Pass brings all files up to date. A view that fails keeps no other from it.
func (p *Parquet) Pass(ctx context.Context) error {
	if err := p.db.CheckSchema(ctx); err != nil {
		return err // one that follows may see an upgrade
	}
	conn, end, err := p.db.Session(ctx)
	if err != nil {
		return err
	}
	defer end()
	switch got, err := store.LockSession(ctx, conn, "ingestd export "+placeOf(p.options.To), lockPatience); {
	case err != nil:
		return err
	case !got:
		return ErrBusy
	}
	run := &pass{Parquet: p, conn: conn}
	if err := run.begin(ctx); err != nil {
		return store.Named("look what has changed", err)
	}
	if run.epoch == "" {
		return errNoEpoch
	}
	views, err := choose(run.views, p.options)
	if err != nil && len(p.looked) == 0 {
		return err // it never was there; one that is gone keeps no other from being copied
	}
	for _, v := range views {
		did, failed := run.copyView(ctx, v)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.told(did)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", v.Name, failed))
		}
		var target targetError
		if errors.As(failed, &target) || conn.IsClosed() {
			return err // the others would fail alike
		}
	}
	if err == nil {
		p.mark = run.mark
	}
	return err
}

// ErrBusy says that somebody else writes to the same target.
var ErrBusy = errors.New("another export writes to this target; wait for it, or end it")

// lockPatience is how long it takes at most until the server notices that an export
// has gone.
const lockPatience = 3 * time.Second

// begin reads what does not depend on a view.
func (run *pass) begin(ctx context.Context) (err error) {
	if err = run.conn.QueryRow(ctx, selectStanding).Scan(&run.epoch, &run.lists); err != nil {
		return err
	}
	if run.tenants, err = collect(ctx, run.conn, selectTenants, pgx.RowTo[uuid.UUID]); err != nil {
		return err
	}
	if run.days, err = collect(ctx, run.conn, selectDays, toChangedDay); err != nil {
		return err
	}
	for _, d := range run.days {
		run.mark = max(run.mark, d.Xid)
	}
	run.views, err = viewsOf(ctx, run.conn)
	return err
}

// errNoEpoch is what a standby says to who may not ask it.
var errNoEpoch = errors.New("the epoch of the feed is not known on this standby; " +
	"GRANT pg_read_all_stats to the user, and see that the standby receives log")

func toChangedDay(row pgx.CollectableRow) (d changedDay, err error) {
	var xid string
	if err = row.Scan(&d.Tenant, &d.Day, &xid); err == nil {
		d.Xid, err = strconv.ParseUint(xid, 10, 64)
	}
	return d, err
}

// wants reports whether a part is among those that are asked for.
func (o Options) wants(v view, part part) bool {
	if o.Tenant != nil && v.hasTenants() && part.tenant != *o.Tenant {
		return false
	}
	early := !o.From.IsZero() && !v.until(part).After(o.From)
	late := !o.Until.IsZero() && !part.from.Before(o.Until)
	return v.Filter == "" || !early && !late
}

// parts are the parts that a view has, or had at the last time, the newest first,
// each with the transaction that last changed it, 0 if none is noted.
func (run *pass) parts(v view, s *state) (order []part, changed map[part]uint64) {
	changed = map[part]uint64{}
	add := func(p part, xid uint64) {
		if run.options.wants(v, p) {
			changed[p] = max(changed[p], xid)
		}
	}
	switch {
	case v.Filter != "":
		for _, d := range run.days {
			add(v.partOf(d.Tenant, d.Day), d.Xid)
		}
	case v.hasTenants():
		for _, tenant := range run.tenants {
			add(part{tenant: tenant}, 0)
		}
	default:
		add(part{}, 0)
	}
	for file := range s.Files {
		if p, ok := v.partIn(file); ok {
			add(p, 0)
		}
	}
	order = slices.Collect(maps.Keys(changed))
	slices.SortFunc(order, func(a, b part) int {
		return cmp.Or(b.from.Compare(a.from), bytes.Compare(a.tenant[:], b.tenant[:]))
	})
	return order, changed
}

// Follow brings the files up to date again and again until it is told to stop: soon
// after a day has changed, and every so often. told hears how each pass ended.
func (p *Parquet) Follow(ctx context.Context, every time.Duration, told func(error)) {
	for ctx.Err() == nil {
		if err := p.Pass(ctx); ctx.Err() == nil {
			told(err)
		}
		p.await(ctx, every)
	}
}

// lookEvery is how often it is asked whether a day has changed.
const lookEvery = 20 * time.Second

// await returns when a day has changed since the last pass, or after some time.
func (p *Parquet) await(ctx context.Context, atMost time.Duration) {
	end := time.After(atMost)
	for {
		select {
		case <-ctx.Done():
			return
		case <-end:
			return
		case <-time.After(lookEvery):
		}
		if changed, err := p.db.DaysChanged(ctx, p.mark); err == nil && changed {
			return
		}
	}
}
