package schedule

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// A Job reads one endpoint of one tenant.
type Job struct {
	Tenant    uuid.UUID
	Name      string // of the tenant, for people
	Cloud     string // of the tenant
	Endpoint  fetch.Endpoint
	Target    *store.Target
	Policy    Policy    // its Origin comes from the ledger
	StartFrom time.Time // zero: as far back as Graph reaches
	API       string
	Enabled   bool
	Schedule  string                          // as configured
	Next      func(after time.Time) time.Time // when the schedule comes round
	Client    *fetch.Client
	DB        *store.DB
	Lock      *store.Lock // of the tenant; nil: none is kept
	Log       *zap.Logger
	Self      *store.Daemon     // the process, if it reads as a daemon
	Budget    *fetch.Budget     // memory of records in flight; of a versioned endpoint
	Heartbeat time.Duration     // how often a run says that it is alive; default: heartbeatEvery
	NotifyURL string            // where Graph is to notify of changes, of a versioned endpoint; empty: nowhere
	Unread    func() error      // why what Graph sends there cannot be read; nil: nothing is known to be in the way
	Redactor  *mapping.Redactor // changes all that is read before it is stored; nil: it is stored as served
	Aged      *mapping.Redactor // in place of it for what is past the term of personal data; nil: there is no term
	AgedAfter time.Duration     // that term
	EraserOf  EraserOf          // before that; nil: the tenant has no secret to know by who was erased
	Observer  Observer          // told of each run; nil: none

	eraser  *mapping.Eraser        // of the run at work
	current atomic.Pointer[runLog] // of the run at work
	known   subscribed             // its subscription, as it was a moment ago
	taken   []time.Time            // when another program had subscribed in its place, of the last hour
	unknown unknown                // members without a column
	failing streak                 // records, over all runs, whose details could not be stored
	warned  time.Time              // what left Graph's reach before was warned of
	retryIn time.Duration          // after the last run: Graph denied or throttled it, and it is to be tried then
	skewed  bool                   // that the clocks are apart was warned of
	late    bool                   // that start_from has no effect was warned of
	// Of the run at work: before when personal data is rewritten, as past its term.
	agedBefore time.Time
}

// A Report is what a run did.
type Report struct {
	Windows       int          // planned
	Failed        int          // windows and parts of them that were not read
	Details       int64        // call records whose details were stored
	DetailsFailed int64        // call records whose details were not, though Graph should serve them
	Rows          store.Counts // pages and elements
	Usage         fetch.Counts // requests and waits
	Watermark     time.Time    // after the run
	Due           int          // windows and records that are unread after the run, and could be read
	Rejects       int          // elements kept raw and not stored, of this run and earlier ones
	FirstError    string       // of details that failed; empty if none did
	err           error        // the most severe of the windows' and records'
	unlisted      bool         // it was not to read the list, and so says nothing of it
}

// newBatch makes a batch for what is read.
func (j *Job) newBatch() *mapping.Batch {
	b := j.Endpoint.Rows.NewBatch()
	b.Eraser, b.Redactor, b.Aged = j.eraser, j.Redactor, j.aged(fetch.Window{})
	return b
}

// aged is for what of a window is past the term of personal data. It takes effect a day before what is stored is
// rewritten: reading takes its time, and nothing may be stored as served behind the rewrite. What is rewritten stays
// so, though the term is longer now.
func (j *Job) aged(window fetch.Window) *mapping.Aged {
	if j.Aged == nil {
		return nil
	}
	before := later(AgedBefore(j.Client.Clock(), j.AgedAfter).Add(24*time.Hour), j.agedBefore)
	return &mapping.Aged{
		Redactor: j.Aged, Before: before, Columns: j.Target.TimeColumns(),
		Timeless: !window.To.IsZero() && !window.To.After(before),
	}
}

// kept is what is kept of the body of a failed answer: nothing where personal data may not be stored as served, as
// nobody knows what it holds.
func (j *Job) kept(body []byte) []byte {
	if j.Redactor != nil || j.eraser != nil {
		return nil
	}
	return body
}

// A planner chooses what is read of the list; nil: nothing.
type planner func(p Policy, now, next time.Time, ledger []store.Slot) []Window

// Run reads what is due now, two windows at a time, and notes what came of it.
// It begins no more windows or records once stop reports true, so that a plan
// of many hours does not keep newer work waiting. A window fails alone; the
// error is the most severe of the windows'.
func (j *Job) Run(ctx context.Context, trigger string, stop func() bool) (Report, error) {
	return j.execute(ctx, trigger, Policy.Plan, stop)
}

// never is the stop of a run that reads all that is due.
func never() bool { return false }

// Once runs a job until nothing is unread that could be read, or a run fails or
// gets nowhere.
func Once(ctx context.Context, j *Job, trigger string) (Report, error) {
	var total Report
	for {
		report, err := j.Run(ctx, trigger, never)
		total.add(report)
		if err != nil || report.Due == 0 || report.Rows.Pages == 0 && report.Details == 0 {
			return total, err
		}
	}
}

func (r *Report) add(more Report) {
	r.Windows += more.Windows
	r.Failed += more.Failed
	r.Details += more.Details
	r.DetailsFailed += more.DetailsFailed
	r.Rows.Add(more.Rows)
	r.Watermark, r.Due, r.Rejects = more.Watermark, more.Due, more.Rejects
	if r.FirstError == "" {
		r.FirstError = more.FirstError
	}
	r.Usage.Requests += more.Usage.Requests
	r.Usage.Throttled += more.Usage.Throttled
	r.Usage.ThrottleWait += more.Usage.ThrottleWait
}

// execute reads what a planner says and notes what came of it.
func (j *Job) execute(ctx context.Context, trigger string, plan planner, stop func() bool) (report Report, err error) {
	finish, cancel := WithGrace(ctx)
	defer cancel()
	now, err := j.Client.Now(ctx)
	if err != nil {
		return report, errors.Join(err, j.noteUnreachable(ctx, trigger, err))
	}
	state, err := j.prepare(ctx, now)
	if err != nil {
		return report, err
	}
	l, err := j.load(ctx, state, now)
	if err != nil {
		return report, err
	}
	if l.policy, err = j.heard(ctx, l.policy, now); err != nil {
		return report, err
	}
	due, err := j.hasDueRecords(ctx, l.policy, now)
	if err != nil {
		return report, err
	}
	var windows []Window
	if report.unlisted = plan == nil; !report.unlisted {
		windows = plan(l.policy, now, j.nextPlan(now), l.slots)
	}
	report.Windows = len(windows)
	var run *store.Run
	if len(windows) > 0 || due {
		if run, err = j.run(ctx, finish, now, trigger, windows, l, stop, &report); err != nil {
			return report, err
		}
	}
	return report, mostSevere(report.err, j.note(finish, state, run, &report))
}

// nextPlan is when the tick after the present one will have passed. By Graph's
// clock the present one may not be over yet.
func (j *Job) nextPlan(now time.Time) time.Time {
	next := j.Next(now)
	return later(next, now.Add(j.Next(next).Sub(next)))
}

// noteUnreachable notes a run that could not even begin, because Graph was not
// reached. An endpoint that was never started gets an origin even so, by the
// time that Entra's answers told, or else by this machine's clock; that one is
// made anew once Graph has told the time.
func (j *Job) noteUnreachable(ctx context.Context, trigger string, why error) error {
	if ctx.Err() != nil {
		return nil
	}
	now := j.Client.Clock()
	state, known, err := j.DB.Endpoint(ctx, j.Tenant, j.Endpoint.Name)
	if err == nil && !known {
		state, err = j.prepare(ctx, now)
	}
	if err != nil {
		return err
	}
	if j.Client.Witnessed() {
		state.ClockAt = &now
	}
	j.fail(&state, now, why)
	return errors.Join(j.DB.PutEndpoint(ctx, state), j.noteTenant(ctx), j.noteFailedStart(ctx, trigger, now, why))
}

// noteFailedStart leaves a trace in ingest.runs of a run that could not begin.
func (j *Job) noteFailedStart(ctx context.Context, trigger string, now time.Time, why error) error {
	run, err := j.DB.StartRun(ctx, j.Tenant, j.Endpoint.Name, trigger, now, now)
	if err != nil {
		return err
	}
	outcome := store.Outcome{Result: result(why), Error: why.Error()}
	if graph, ok := errors.AsType[*fetch.Error](why); ok && graph.RequestID != "" {
		outcome.RequestIDs = []string{graph.RequestID}
	}
	_, err = j.DB.EndRun(ctx, run, outcome)
	return err
}

// prepare notes the endpoint as it is configured, with its origin.
func (j *Job) prepare(ctx context.Context, now time.Time) (store.Endpoint, error) {
	noted, known, err := j.DB.Endpoint(ctx, j.Tenant, j.Endpoint.Name)
	if err != nil {
		return noted, err
	}
	started, err := j.started(ctx, noted, known, now)
	if err != nil {
		return noted, err
	}
	state := j.configure(noted, known, now, j.Client.Witnessed(), started)
	if known && !state.Origin.Equal(noted.Origin) {
		// Of the slot that held the origin only what followed it was owed: it may
		// have settled though Graph had no longer all of it.
		if err := j.DB.Unsettle(ctx, j.Tenant, j.Endpoint.Name, noted.Origin); err != nil {
			return state, err
		}
	}
	if j.Self != nil && !j.late && j.BeginsLate(state.Origin) {
		j.late = true
		j.Log.Warn("start_from has no effect: Microsoft had nothing before origin when reading began",
			zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name),
			zap.String("start_from", j.StartFrom.Format(time.DateOnly)), zap.Time("origin", state.Origin))
	}
	return state, j.DB.PutEndpoint(ctx, state)
}

// BeginsLate reports whether start_from has no effect, as Microsoft kept less when
// reading began, at the origin.
func (j *Job) BeginsLate(origin time.Time) bool {
	return !j.StartFrom.IsZero() && origin.After(j.StartFrom.Add(j.Policy.Slot))
}

// started is when the endpoint was first started, by the database's clock, if
// its origin may have to be made anew; now if that is not known.
func (j *Job) started(ctx context.Context, noted store.Endpoint, known bool, now time.Time) (time.Time, error) {
	if !known || noted.ClockAt != nil || !j.Client.Witnessed() {
		return now, nil
	}
	first, err := j.DB.FirstStart(ctx, j.Tenant, j.Endpoint.Name)
	if err != nil || first == nil {
		return now, err
	}
	return *first, nil
}

// configure brings what is noted of the endpoint in line with its
// configuration. started is when it was first started. The origin is made at the
// first start, again by the first clock that this machine's agrees with if that
// one's did not, and again when the configuration it was made from changes.
// Nothing else moves it.
func (j *Job) configure(
	state store.Endpoint,
	known bool,
	now time.Time,
	witnessed bool,
	started time.Time,
) store.Endpoint {
	var from *time.Time
	if !j.StartFrom.IsZero() {
		utc := j.StartFrom.UTC()
		from = &utc
	}
	moved := !sameTime(state.StartFrom, from)
	switch {
	case !known || state.ClockAt == nil && witnessed:
		// An origin made by an unconfirmed clock is made anew, as of then, if it is wrong.
		origin := j.Policy.FirstOrigin(now, j.StartFrom)
		if !known {
			state = store.Endpoint{Tenant: j.Tenant, Name: j.Endpoint.Name}
		} else {
			origin = j.originAnew(state, moved, now, started)
		}
		if apart := origin.Sub(state.Origin).Abs(); apart > margin {
			state.Origin, state.SettledUntil, state.Watermark = origin, origin, origin
		}
	case moved || state.Reach != j.Policy.Reach:
		origin := j.Policy.MovedOrigin(state.Origin, now, j.StartFrom, moved)
		if origin.Before(state.Origin) {
			state.SettledUntil, state.CaughtUpAt = origin, nil
		}
		state.Origin, state.SettledUntil = origin, later(state.SettledUntil, origin)
	}
	next := j.Next(now)
	state.Enabled, state.Schedule, state.Interval = j.Enabled, j.Schedule, j.Next(next).Sub(next)
	state.RemovedAt = nil
	state.Reach, state.Settle, state.StartFrom = j.Policy.Reach, j.Policy.Settle, from
	if state.ClockAt == nil && witnessed {
		state.ClockAt = &now
	}
	return state
}

// originAnew is the origin in place of one that an unconfirmed clock made. That
// clock and the database's are two witnesses of the first start, and either may
// be wrong. One that is ahead of now is; of two that are not it is the one that
// is further behind, as on a machine that began without the date.
func (j *Job) originAnew(noted store.Endpoint, moved bool, now, started time.Time) time.Time {
	origin := j.Policy.FirstOrigin(earlier(started, now), j.StartFrom)
	switch latest := j.Policy.FirstOrigin(now, j.StartFrom); {
	case moved || noted.Reach != j.Policy.Reach || noted.Origin.After(latest):
		return origin
	case started.After(now.Add(margin)):
		return noted.Origin
	}
	return later(origin, noted.Origin)
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Pause notes that the endpoint is switched off.
func (j *Job) Pause(ctx context.Context) error {
	state, known, err := j.DB.Endpoint(ctx, j.Tenant, j.Endpoint.Name)
	if err != nil || !known {
		return err
	}
	state.Enabled, state.NextDueAt, state.RemovedAt = false, nil, nil
	return j.DB.PutEndpoint(ctx, state)
}
