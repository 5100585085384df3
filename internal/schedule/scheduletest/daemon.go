package scheduletest

import (
	"cmp"
	"context"
	"crypto/x509"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// A job is what package schedule takes to read one endpoint.
type job = schedule.Job

// startDaemon makes the client and the jobs, as cmd/ingestd does from its configuration.
func (w *World) startDaemon() {
	w.Helper()
	if w.config.Log == nil {
		w.config.Log = zaptest.NewLogger(w, zaptest.Level(zap.InfoLevel))
	}
	client := w.newClient()
	w.jobs, w.locks = nil, nil
	if w.config.Locked {
		w.locks = w.DB.NewLocks()
	}
	budget := schedule.NewBudget()
	for _, name := range w.endpoints() {
		j := w.newJob(name)
		j.Client, j.Budget = client, budget
		if w.locks != nil {
			j.Lock = w.locks.Of(Tenant)
		}
		w.jobs = append(w.jobs, j)
	}
	w.job = w.jobs[0]
	if w.listener != nil {
		w.hear()
	}
}

func (w *World) endpoints() []string {
	if len(w.config.Endpoints) == 0 {
		return []string{"pstn_calls"}
	}
	return w.config.Endpoints
}

func (w *World) newClient() *fetch.Client {
	w.Helper()
	roots := x509.NewCertPool()
	if !w.config.Untrusted {
		roots.AppendCertsFromPEM(w.Graph.CAPEM())
	}
	client, err := fetch.New(fetch.Options{
		TenantID: graphsim.TenantID, ClientID: graphsim.ClientID, Credential: fetch.ClientSecret(w.config.secret),
		GraphURL: w.Graph.GraphURL(), LoginURL: w.Graph.LoginURL(), RootCAs: roots, Limits: w.config.limits(),
		Clock: fetch.Clock{
			Now: w.clock.Now, After: w.clock.After, Wall: func() time.Time { return w.Now().Add(w.config.Ahead) },
		}, Log: w.config.Log,
	})
	if err != nil {
		w.Fatal(err)
	}
	return client
}

func (w *World) newJob(name string) *job {
	w.Helper()
	i := slices.IndexFunc(fetch.Endpoints, func(e fetch.Endpoint) bool { return e.Name == name })
	if i < 0 {
		w.Fatalf("no endpoint is called %s", name)
	}
	e, c := fetch.Endpoints[i], w.config
	policy := schedule.PolicyOf(e)
	policy.Span = cmp.Or(c.Span, policy.Span)
	policy.Reach = cmp.Or(c.Reach, policy.Reach)
	policy.Settle = cmp.Or(c.Settle, policy.Settle)
	target, err := store.NewTarget(Tenant, e.Name, e.Rows, e.EventTime)
	if err != nil {
		w.Fatal(err)
	}
	notifyURL := ""
	if w.listener != nil && e.Versioned {
		notifyURL = w.listener.url
	}
	return &job{
		Tenant: Tenant, Name: "simulated", Cloud: "custom", Endpoint: e, Target: target, API: e.APIs[0],
		Enabled: true, Schedule: "*/5 * * * *",
		Next:   func(after time.Time) time.Time { return after.Add(cmp.Or(c.Every, 50*time.Millisecond)) },
		Policy: policy, StartFrom: c.StartFrom, Heartbeat: c.Heartbeat, DB: w.DB, Log: c.Log,
		NotifyURL: notifyURL,
		Redactor:  c.Privacy.Redactor(e.Rows), Aged: c.Aged.Redactor(e.Rows), AgedAfter: c.AgedAfter,
	}
}

// A Result is what reading has done.
type Result struct {
	Windows int          // that were planned
	Failed  int          // windows, and parts of them, that could not be read
	Rows    store.Counts // of the lists
	Details int          // call records stored with their details
}

// Once reads all that is due.
func (w *World) Once() Result {
	w.Helper()
	result, err := w.Try(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return result
}

// Try is Once where reading may fail, or be stopped.
func (w *World) Try(ctx context.Context) (Result, error) {
	r, err := schedule.Once(ctx, w.job, "once")
	return Result{Windows: r.Windows, Failed: r.Failed, Rows: r.Rows, Details: int(r.Details)}, err
}

// Backfill reads a span, but for what was read since a time. It returns how many windows it planned, and how many slots
// are left.
func (w *World) Backfill(span fetch.Window, since time.Time) (windows, left int) {
	w.Helper()
	r, left, err := w.job.Backfill(w.Context(), span, since, func() bool { return false })
	if err != nil {
		w.Fatal(err)
	}
	return r.Windows, left
}

// Derive does what a daemon does beside its reading.
func (w *World) Derive() { schedule.Derive(w.Context(), w.jobs) }

// RetryRejects stores rejects from their raw bytes, and returns how many are stored and how many are not.
func (w *World) RetryRejects() (stored, kept int) {
	w.Helper()
	stored, kept, err := w.job.RetryRejects(w.Context(), nil)
	if err != nil {
		w.Fatal(err)
	}
	return stored, kept
}

// Daemon runs the daemon, with all endpoints, until a condition holds. Its ticks come as the clock is moved, which the
// condition may do.
func (w *World) Daemon(until func() bool) {
	w.Helper()
	daemon := schedule.NewDaemon(w.jobs, w.locks, w.clock.patient())
	daemon.Alive, daemon.Retention = w.config.Alive, w.config.Retention
	w.again.Store(daemon)
	ctx, stop := context.WithCancel(w.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		daemon.Run(ctx)
	}()
	late := time.Now().Add(patience)
	for !until() {
		if time.Now().After(late) {
			w.Errorf("after %v the daemon has not done what was waited for", patience)
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	<-ended
}

// TryAgain has the daemon at work try at once what Graph denies.
func (w *World) TryAgain() { w.again.Load().TryAgain() }

// patience is how long a test waits for what a daemon must do.
const patience = 2 * time.Minute

// AddTenant configures another tenant before the simulated one. Each tenant's jobs keep its lock from now on.
func (w *World) AddTenant(id uuid.UUID) {
	w.Helper()
	var all []*job
	w.locks = w.DB.NewLocks()
	for _, tenant := range []uuid.UUID{id, Tenant} {
		for _, name := range w.endpoints() {
			j := w.newJob(name)
			j.Tenant, j.Client, j.Budget, j.Lock = tenant, w.job.Client, w.job.Budget, w.locks.Of(tenant)
			all = append(all, j)
		}
	}
	w.jobs, w.job = all, all[len(all)/2]
}

// Fetch reads call records that somebody waits for.
func (w *World) Fetch(
	ctx context.Context, wanted schedule.Wanted, tell func([]schedule.Told) error,
) (schedule.Report, error) {
	return w.job.Fetch(ctx, wanted, tell)
}
