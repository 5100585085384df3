package schedule

import (
	"context"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// run executes a plan as one run, and returns it. The error says that it could not
// begin; all others are in the report.
func (j *Job) run(
	ctx, finish context.Context,
	now time.Time,
	trigger string,
	windows []Window,
	l loaded,
	stop func() bool,
	report *Report,
) (*store.Run, error) {
	log, rest, err := j.begin(ctx, finish, trigger, spanOf(windows, now), slotsOf(windows))
	if err != nil {
		return nil, err
	}
	defer rest()
	list := &lister{
		graph: j.Client, endpoint: j.Endpoint, api: j.API, policy: l.policy, save: j.saveFunc(log.run), finish: finish,
		log: log, stop: stop, named: make(chan struct{}, 1), newBatch: j.newBatch, aged: j.aged,
		known: readSlots(l.policy.slots(l.policy.horizon(now), now, l.slots)),
	}
	details := &fetcher{
		job: j, policy: l.policy, run: log.run, log: log, now: now, finish: finish, stop: stop,
		named: list.named, failing: &j.failing,
	}
	if report.err = j.knowGone(ctx); report.err == nil {
		report.err = j.work(ctx, windows, list, details, report)
	}
	j.end(finish, log, trigger, report)
	return log.run, nil
}

// begin notes the start of a run. It says that it is alive until rest is called. A note
// that has begun is finished: else a stop might leave a run that nobody ends.
func (j *Job) begin(
	ctx, finish context.Context, trigger string, span fetch.Window, slots int,
) (log *runLog, rest func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	run, err := j.DB.StartRun(finish, j.Tenant, j.Endpoint.Name, trigger, span.From, span.To)
	if err != nil {
		return nil, nil, err
	}
	log = &runLog{run: run, started: time.Now(), slots: slots}
	j.current.Store(log)
	beating, stop := context.WithCancel(ctx)
	go log.beat(beating, j)
	return log, func() { stop(); j.current.Store(nil) }, nil
}

// end notes the end of a run, and what came of it.
func (j *Job) end(finish context.Context, log *runLog, trigger string, report *Report) {
	report.Usage, report.Details, report.DetailsFailed = log.usage.Counts(), log.details.Load(), log.failed.Load()
	report.FirstError = log.firstError()

	outcome := outcomeOf(report)
	outcome.Progress = log.progress()
	counts, err := j.DB.EndRun(finish, log.run, outcome)
	report.Rows = counts
	if err != nil {
		report.err = mostSevere(report.err, err)
		outcome.Result, outcome.Error = "failed", report.err.Error()
	}
	log.write(j, trigger, outcome, report)
	log.tell(j, outcome.Result, report)
}

func outcomeOf(report *Report) store.Outcome {
	o := store.Outcome{
		Result: result(report.err), Requests: int64(report.Usage.Requests), Throttle: report.Usage.ThrottleWait,
		RequestIDs: report.Usage.FailedRequestIDs, Error: report.FirstError,
	}
	if report.err != nil {
		o.Error = report.err.Error()
	}
	return o
}

// saveFunc is how the batches of a list are stored.
func (j *Job) saveFunc(run *store.Run) saveFunc {
	return func(ctx context.Context, b *mapping.Batch, r store.Reading) (store.Counts, error) {
		switch {
		case j.Endpoint.Versioned:
			return j.DB.Announce(ctx, run, j.Target, b, r)
		case j.Endpoint.Aggregate:
			return j.DB.ReplaceDay(ctx, run, j.Target, b, r.Read[0], r.Pages)
		}
		return j.DB.SaveRows(ctx, run, j.Target, b, r)
	}
}

// spanOf is the span that windows lie in; an empty one at now if there are none.
func spanOf(windows []Window, now time.Time) fetch.Window {
	span := fetch.Window{From: now, To: now}
	if len(windows) > 0 {
		span = windows[0].Window
	}
	for _, w := range windows {
		span.From, span.To = earlier(span.From, w.From), later(span.To, w.To)
	}
	return span
}

func slotsOf(windows []Window) int {
	n := 0
	for _, w := range windows {
		n += len(w.slots)
	}
	return n
}

// readSlots are the slots that were read before.
func readSlots(slots []slot) []slot {
	var read []slot
	for _, s := range slots {
		if !s.read.IsZero() {
			read = append(read, s)
		}
	}
	return read
}

// work reads the windows, and beside that the details of what they name.
func (j *Job) work(ctx context.Context, windows []Window, l *lister, f *fetcher, report *Report) error {
	list := func() error {
		failed, alone, err := l.readAll(ctx, windows)
		report.Failed = failed
		return mostSevere(err, j.noteFailures(f.finish, f.run, f.now, alone, l))
	}
	if !j.Endpoint.Versioned {
		return safely(list)
	}
	return f.readBeside(ctx, list)
}
