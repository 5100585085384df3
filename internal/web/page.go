package web

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

const (
	// refreshEvery is how often the page is fetched anew, in seconds.
	refreshEvery = 30
	// shownRuns and tenantRuns are how many runs are listed at most.
	shownRuns  = 12
	tenantRuns = 100
)

// A page is what the template is filled with; it decides nothing more.
type page struct {
	Title    string
	Path     string
	Icon     string
	Refresh  bool
	Every    int
	AsOf     time.Time
	Old      bool // the database does not answer: all but the verdict is as of then
	Level    look
	Urging   bool // there is something to do
	Verdict  health.Verdict
	Expires  []expiry
	Reading  reading
	Board    board
	Problems []problem
	Healing  []string
	Runs     []run
	NoRuns   string // in place of runs
	States   []stateWord
	Words    any
	Foot     foot
	Tenant   *tenantPage // nil: all tenants
}

// A foot says what answers.
type foot struct {
	Fresh            bool
	Database, Daemon string
	Clock, Retention string
}

// page is the status of all tenants.
func (h handler) page(w http.ResponseWriter, r *http.Request) {
	s, ctx, cancel := h.snapshot(r)
	defer cancel()
	p := newPage(s, r)
	p.addRuns(h.runs(ctx, s, uuid.Nil, shownRuns))
	render(w, p)
}

func (h handler) runs(ctx context.Context, s health.Snapshot, tenant uuid.UUID, limit int) (runs, error) {
	found := runs{snapshot: s}
	if !s.Database.Up {
		return found, errNotAsked
	}
	var err error
	found.list, err = h.source.RunsWithNews(ctx, tenant, limit)
	return found, err
}

// newPage lays a snapshot out.
func newPage(s health.Snapshot, r *http.Request) *page {
	p := &page{
		Path: r.URL.EscapedPath(), Refresh: r.URL.Query().Get("refresh") != "off", Every: refreshEvery,
		AsOf: s.AsOf.UTC(), Old: !s.Database.Up, Level: lookOf(s.Verdict.Level), Verdict: s.Verdict,
		Expires: expiriesOf(s.Tenants, s.AsOf), Reading: readingOf(s.Tenants, s.AsOf),
		Board: boardOf(s.Tenants, s.AsOf), States: states, Words: columnWords, Foot: footOf(s),
	}
	p.Urging = s.Verdict.Level != health.Safe && s.Verdict.Level != health.FirstReading
	p.Icon = assets["icon-"+p.Level.Class+".svg"]
	p.Title = p.Level.Word + ": " + s.Verdict.Heading
	if s.Verdict.Level == health.Safe {
		p.Title = s.Verdict.Heading
	}
	p.addProblems(s.Problems, s.AsOf)
	return p
}

func footOf(s health.Snapshot) foot {
	f := foot{Fresh: s.IsFresh(), Database: "PostgreSQL does not answer", Retention: s.RetentionText()}
	if s.Database.Up {
		f.Database = fmt.Sprintf("PostgreSQL %s, schema %d", s.Database.ServerVersion, s.Database.SchemaVersion)
	}
	if d := s.Daemon; d != nil {
		f.Daemon = fmt.Sprintf("ingestd %s on %s, last sign %s ago",
			cut(d.Version, 40), cut(d.Host, 40), health.ShortUp(max(0, s.AsOf.Sub(d.HeartbeatAt))))
	}
	for _, t := range s.Tenants {
		if t.ClockSkew != nil {
			f.Clock = fmt.Sprintf("Graph’s clock %+.1f s", *t.ClockSkew)
			break
		}
	}
	return f
}

// A problem is a cause, as the page tells it.
type problem struct {
	look
	ID      string
	Heading string
	Detail  string
	Steps   []health.Step
}

// addProblems lists what a person has to do; what heals by itself is one line.
func (p *page) addProblems(list []health.Problem, now time.Time) {
	for _, found := range list {
		if found.Level == health.Wait || found.Level == health.FirstReading {
			p.Healing = append(p.Healing, found.Heading)
			continue
		}
		p.Problems = append(p.Problems, problem{
			look: lookOf(found.Level), ID: "problem-" + found.ID, Heading: cut(found.Heading, 200),
			Detail: cut(found.Detail, 600), Steps: found.Steps,
		})
	}
}

// A run is a line about one.
type run struct {
	ID                             int64
	Tenant, Endpoint, By, At, Took string
	Result                         look
	Changed, Came                  string
}

type runs struct {
	snapshot health.Snapshot
	list     []store.PastRun
}

var errNotAsked = fmt.Errorf("the database does not answer")

// addRuns lists runs, or says why there are none to list.
func (p *page) addRuns(found runs, err error) {
	switch {
	case err != nil:
		p.NoRuns = "The runs could not be read: " + cut(err.Error(), 200)
		return
	case len(found.list) == 0:
		p.NoRuns = "None yet that found something or failed."
	}
	names := map[uuid.UUID]string{}
	for _, t := range found.snapshot.Tenants {
		names[t.ID] = t.Name
	}
	for _, past := range found.list {
		name := names[past.Tenant]
		if name == "" {
			name = past.Tenant.String()
		}
		p.Runs = append(p.Runs, runOf(past, name, found.snapshot.AsOf))
	}
}

// results are how the ends of runs look.
var results = map[string]look{
	"ok": {"ok", "check", "ok"}, "failed": {"warn", "clock", "failed"}, "throttled": {"warn", "glass", "throttled"},
	"denied": {"bad", "barred", "denied"}, "stopped": {"off", "bars", "stopped"}, "killed": {"warn", "cross", "killed"},
}

func runOf(past store.PastRun, tenant string, now time.Time) run {
	r := run{
		ID: past.RunID, Tenant: tenant, Endpoint: past.Endpoint, By: past.Trigger, At: moment(past.StartedAt, now),
		Took: dash, Result: look{"busy", "forward", "running"}, Changed: dash, Came: cameOf(past),
	}
	if past.FinishedAt != nil {
		r.Took = took(past.FinishedAt.Sub(past.StartedAt))
	}
	if past.Result != nil {
		r.Result = results[*past.Result]
		r.Result.Word = *past.Result
	}
	if n := past.New + past.Changed; n > 0 {
		r.Changed = "+" + health.Number(n)
	}
	return r
}

// took is how long something lasted, to the second.
func took(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Second:
		return "< 1 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return health.ShortUp(d)
}

// cameOf says what came of a run.
func cameOf(past store.PastRun) string {
	var parts []string
	add := func(n int64, word string) {
		if n > 0 {
			parts = append(parts, health.Number(n)+" "+word)
		}
	}
	add(past.New, "new")
	add(past.Changed, "changed")
	add(past.Unchanged, "unchanged")
	add(past.Details, "with details")
	add(past.Rejected, "kept raw")
	text := strings.Join(parts, ", ")
	if past.Error != nil {
		text = strings.Trim(text+"; "+*past.Error, "; ")
	}
	return cut(text, 240)
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"prose":   typeset,
	"segment": url.PathEscape,
	"asset":   func(name string) string { return assets[name] },
	"clock":   func(t time.Time) string { return t.Format("Mon 2 Jan 15:04:05 UTC") },
	"iso":     func(t time.Time) string { return t.Format(time.RFC3339) },
}).ParseFS(files, "assets/*.html"))

// render writes the page whole, or an error.
func render(w http.ResponseWriter, p *page) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, "page.html", p); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = b.WriteTo(w) // a client that is gone needs no answer
}
