package schedule

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

const (
	// pruneEvery is how often it is looked for what is past its term.
	pruneEvery = time.Hour
	// pruneRest is how many times as long as it took the server is left alone after
	// each slice: it slows down with the server, and takes a twentieth of a processor at most.
	pruneRest = 19
)

// A Retention says how long what is stored is kept, its term; zero: for ever.
type Retention struct {
	Endpoints map[string]time.Duration
	Details   time.Duration // of call records
	Rollups   time.Duration // figures of days
	Personal  time.Duration // personal data, without which what it is in stays
	// Aged makes, for a tenant, batches that leave of personal data what is kept past its term.
	Aged map[uuid.UUID]func(*mapping.Model) *mapping.Batch
}

// term is how long the rows of an endpoint are kept, or their details.
func (r Retention) term(e fetch.Endpoint, details bool) time.Duration {
	if details {
		return r.Details
	}
	return r.Endpoints[e.Name]
}

// IsZero reports whether all is kept for ever.
func (r Retention) IsZero() bool {
	return r.Rollups == 0 && r.Personal == 0 && !slices.ContainsFunc(fetch.Endpoints, func(e fetch.Endpoint) bool {
		return r.term(e, false) > 0 || e.Versioned && r.term(e, true) > 0
	})
}

// forgetsUsers reports whether users are forgotten whom neither row nor figure names any
// more: where none of these is kept for ever.
func (r Retention) forgetsUsers() bool {
	return r.Rollups > 0 && len(r.kept()) == 0
}

// kept are the endpoints whose rows are kept for ever.
func (r Retention) kept() (names []string) {
	for _, e := range fetch.Endpoints {
		if r.term(e, false) == 0 {
			names = append(names, e.Name)
		}
	}
	return names
}

// A Pruner deletes what is past its term.
type Pruner struct {
	DB        *store.DB
	Retention Retention
	Tenants   []uuid.UUID // that are configured; those that nobody reads any more are pruned too
	Only      store.Selection
	Progress  func(Pruned) // told after each slice; nil: nobody asks
}

// Pruned is what was deleted.
type Pruned struct {
	What    string // an endpoint, details, Months, rollups, users or Personal
	Before  time.Time
	Rows    int64 // of details, the call records that they were of; of personal data, those that were rewritten
	Waiting int   // tenants left for another time, as figures of old days are to be computed first
}

// A cut is something of which all before a time is past its term.
type cut struct {
	what   string
	before time.Time
	next   func(context.Context) (rows int64, more bool, err error) // deletes the next slice
	count  func(context.Context) ([]store.Old, error)               // what next would delete, in the end
	of     *store.Pruning                                           // nil: it is no endpoint's
}

// cuts are what there is to prune now, whole slots: none while Graph's time is not known
// yet, as this machine's clock may be wrong. Details come before their calls, and figures
// last.
func (p *Pruner) cuts(ctx context.Context) (cuts []cut, err error) {
	tenants, now, err := p.DB.Prunable(ctx, p.Tenants)
	if one := p.Only.Tenant; one != nil {
		tenants = slices.DeleteFunc(tenants, func(t uuid.UUID) bool { return t != *one })
	}
	if err != nil || now == nil || len(tenants) == 0 {
		return nil, err
	}
	for _, e := range fetch.Endpoints {
		of, err := p.endpoint(ctx, e, tenants, *now)
		if err != nil {
			return nil, err
		}
		cuts = append(cuts, of...)
	}
	if p.Retention.Rollups > 0 && p.Only.Endpoint == "" {
		cuts = append(cuts, p.figures(tenants, now.Add(-p.Retention.Rollups))...)
	}
	if p.Retention.Personal > 0 && p.Only.Endpoint == "" {
		personal, err := p.personal(tenants, AgedBefore(*now, p.Retention.Personal))
		return append(cuts, personal...), err
	}
	return cuts, nil
}

// endpoint are the cuts of an endpoint. Months go when details and calls have.
func (p *Pruner) endpoint(
	ctx context.Context, e fetch.Endpoint, tenants []uuid.UUID, now time.Time,
) (cuts []cut, err error) {
	if p.Only.Endpoint != "" && p.Only.Endpoint != e.Name {
		return nil, nil
	}
	var last time.Time
	for _, details := range []bool{true, false} {
		term := p.Retention.term(e, details)
		if details && !e.Versioned || term == 0 {
			continue
		}
		c, err := p.rows(e, details, tenants, PastTerm(e, term, now))
		if err != nil {
			return nil, err
		}
		cuts = append(cuts, c)
		last = slices.MaxFunc([]time.Time{last, c.before}, time.Time.Compare)
	}
	if !e.Versioned || len(cuts) == 0 {
		return cuts, nil
	}
	divided, err := p.DB.HasMonths(ctx)
	if divided {
		cuts = append(cuts, p.months(tenants, last))
	}
	return cuts, err
}

// Months is what Pruned says of months of details.
const Months = "months"

// months is the cut of the months whose details are all past their term.
func (p *Pruner) months(tenants []uuid.UUID, before time.Time) cut {
	c := cut{what: Months, before: before}
	c.next = func(ctx context.Context) (int64, bool, error) {
		month, err := p.DB.DropMonth(ctx)
		if month == nil {
			return 0, false, err
		}
		return 1, true, err
	}
	c.count = func(ctx context.Context) ([]store.Old, error) {
		old, err := p.DB.OldMonths(ctx, tenants, before)
		if len(old) == 0 {
			return nil, err
		}
		end := old[len(old)-1].AddDate(0, 1, 0)
		return []store.Old{{Rows: int64(len(old)), First: &old[0], Last: &end}}, nil
	}
	return c
}

// Personal is what Pruned says of personal data.
const Personal = "personal"

// AgedBefore is before when personal data is past its term.
func AgedBefore(now time.Time, term time.Duration) time.Time {
	return now.Add(-term).UTC().Truncate(24 * time.Hour)
}

// personal are the cuts of personal data, of each tenant that is configured: a pseudonym needs its secret.
func (p *Pruner) personal(tenants []uuid.UUID, before time.Time) (cuts []cut, err error) {
	for _, t := range tenants {
		newBatch, ok := p.Retention.Aged[t]
		if !ok {
			continue
		}
		all, err := Rewrites(t, Personal, newBatch)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			r.Before = before
		}
		c := cut{what: Personal, before: before}
		c.next = func(ctx context.Context) (int64, bool, error) { return p.DB.RewriteOld(ctx, all) }
		c.count = func(ctx context.Context) (old []store.Old, err error) {
			for _, r := range all {
				found, err := p.DB.CountToRewrite(ctx, r)
				if err != nil {
					return nil, err
				}
				old = append(old, found...)
			}
			return old, nil
		}
		cuts = append(cuts, c)
	}
	return cuts, nil
}

// PastTerm is the time before which all slots of an endpoint are past their term.
func PastTerm(e fetch.Endpoint, term time.Duration, now time.Time) time.Time {
	return now.Add(-term).UTC().Truncate(e.Slot)
}

// rows is the cut of an endpoint's rows, or of their details.
func (p *Pruner) rows(e fetch.Endpoint, details bool, tenants []uuid.UUID, before time.Time) (cut, error) {
	target, err := store.NewTarget(tenants[0], e.Name, e.Rows, e.EventTime)
	c := cut{what: e.Name, before: before}
	if details {
		c.what = "details"
	}
	c.of = &store.Pruning{Target: target, Details: details, Tenants: tenants, Before: c.before}
	c.next = func(ctx context.Context) (int64, bool, error) { return p.DB.Prune(ctx, c.of) }
	c.count = func(ctx context.Context) ([]store.Old, error) { return p.DB.CountOld(ctx, c.of) }
	return c, err
}

// figures are the cuts of what outlives rows.
func (p *Pruner) figures(tenants []uuid.UUID, before time.Time) []cut {
	before = before.UTC().Truncate(24 * time.Hour)
	rollups := cut{what: "rollups", before: before}
	rollups.next = func(ctx context.Context) (int64, bool, error) {
		n, err := p.DB.PruneRollups(ctx, tenants, before, p.Retention.kept())
		return n, n > 0, err
	}
	rollups.count = func(ctx context.Context) ([]store.Old, error) {
		return p.DB.CountOldFigures(ctx, tenants, before, p.Retention.kept())
	}
	if !p.Retention.forgetsUsers() {
		return []cut{rollups}
	}
	users := cut{what: "users", before: before}
	users.next = func(ctx context.Context) (int64, bool, error) {
		n, err := p.DB.PruneUsers(ctx, tenants, before)
		return n, false, err
	}
	users.count = func(ctx context.Context) ([]store.Old, error) { return p.DB.CountOldUsers(ctx, tenants, before) }
	return []cut{rollups, users}
}

// Prune deletes all that is old, at a rate that leaves the server room. What it has
// done stays if it is stopped, and the next call goes on. What fails keeps nothing else
// from it.
func (p *Pruner) Prune(ctx context.Context) (all []Pruned, err error) {
	cuts, err := p.cuts(ctx)
	if p.Retention.Personal == 0 { // old personal data may be stored again, and a later term has to look for it
		err = errors.Join(err, p.DB.ForgetRewrites(ctx, p.Tenants, Personal))
	}
	for _, c := range cuts {
		done, failed := p.prune(ctx, c)
		all, err = append(all, done), errors.Join(err, failed)
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
	}
	return all, err
}

func (p *Pruner) prune(ctx context.Context, c cut) (done Pruned, err error) {
	done.What, done.Before = c.what, c.before
	for {
		begun := time.Now()
		rows, more, err := c.next(ctx)
		done.Rows += rows
		if c.of != nil {
			done.Waiting = c.of.Waiting
		}
		if err != nil || !more {
			return done, err
		}
		if p.Progress != nil {
			p.Progress(done)
		}
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-time.After(pruneRest * time.Since(begun)):
		}
	}
}

// An Old is what Prune would delete.
type Old struct {
	What string // as in Pruned
	store.Old
}

// Plan counts what Prune would delete, and deletes nothing.
func (p *Pruner) Plan(ctx context.Context) (all []Old, err error) {
	cuts, err := p.cuts(ctx)
	for _, c := range cuts {
		found, err := c.count(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			all = append(all, Old{c.what, o})
		}
	}
	return all, err
}

// prune deletes what is past its term, of all tenants.
func (d *Daemon) prune(ctx context.Context) (work func() error, note func()) {
	p := &Pruner{DB: d.db, Retention: d.Retention, Tenants: d.ids}
	return func() error {
		all, err := p.Prune(ctx)
		for _, done := range all {
			if done.Rows > 0 {
				d.log.Info("deleted or rewritten what is past its term (retention)", zap.String("what", done.What),
					zap.Time("before", done.Before), zap.Int64("rows", done.Rows))
			}
		}
		return err
	}, func() {}
}
