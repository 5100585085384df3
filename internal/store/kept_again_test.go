package store_test

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// Again is all that was ever served, with other contents.
type again struct {
	content, sums int
	versions      map[int]int // of records
}

// drawAgain draws other contents, and later versions.
func (w *pruned) drawAgain(r *rapid.T) again {
	a := again{rapid.IntRange(1, 9).Draw(r, "new content"), rapid.IntRange(1, 9).Draw(r, "new sums"), map[int]int{}}
	for _, id := range slices.Sorted(maps.Keys(w.everRecords)) {
		a.versions[id] = max(w.everRecords[id], rapid.IntRange(5, 12).Draw(r, "later version"))
	}
	return a
}

// serveAgain has all that was ever served served anew, by a backfill or otherwise.
func (w *pruned) serveAgain(r *rapid.T) {
	a := w.drawAgain(r)
	for id, day := range w.everRaw {
		w.saveRaw(id, day)
	}
	if rapid.Bool().Draw(r, "backfill") {
		w.must(w.backfill(a, nil))
		w.learn(a)
		return
	}
	w.saveCalls(w.everCalls, a.content)
	for _, day := range slices.Sorted(maps.Keys(w.everSums)) {
		w.saveSums(day, a.sums)
	}
	w.announce(a.versions)
	if !w.halfway {
		w.noteFailed(a.versions)
	}
	if rapid.Bool().Draw(r, "with details") {
		w.saveDetails(a.versions)
	}
}

// backfill has daemons' jobs read all that was ever served from Graph, which waits with its
// first rows.
func (w *pruned) backfill(a again, wait func()) error {
	graph := w.serving(a)
	defer graph.Close()
	if wait != nil {
		graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.Operation == "getPstnCalls" {
				wait()
			}
			return graphsim.Fault{}
		})
	}
	client := w.client(graph)
	_, err := client.Now(w.Context())
	for _, j := range w.jobs() {
		if j.Client = client; err == nil {
			span := fetch.Window{From: w.first, To: w.day(servedOn)}
			_, _, err = j.Backfill(w.Context(), span, w.served, func() bool { return false })
		}
	}
	return err
}

// servedOn is the day of answers: what happens is before.
const servedOn = 41

// serving is a Graph that serves all that was ever served, later than all of it.
func (w *pruned) serving(a again) *graphsim.Server {
	w.served, w.count = w.served.Add(time.Minute), w.count+1
	now := w.served
	c := graphsim.Config{
		Tenant: tenant.String(), CallsPerDay: -1, Now: func() time.Time { return now }, Beside: w.beside,
	}
	for id, day := range w.everCalls {
		c.Extra = append(c.Extra, graphsim.Row{Start: w.at(day), JSON: []byte(w.call(id, day, a.content))})
	}
	for day := range w.everSums {
		for who := range a.sums {
			c.Extra = append(c.Extra, graphsim.Row{
				Operation: "getPstnOnlineMeetingDialoutReport", Start: w.at(day), JSON: []byte(w.sum(who, a.sums)),
			})
		}
	}
	for id, version := range a.versions {
		start := w.at(dayOf(id))
		c.Records = append(c.Records,
			graphsim.CallRecord{Start: start, Available: start, JSON: []byte(w.record(id, version))})
	}
	graph, err := graphsim.Start(c)
	w.must(err)
	return graph
}

func (w *pruned) client(graph *graphsim.Server) *fetch.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(graph.CAPEM())
	now := w.served
	clock := func() time.Time { return now }
	wide := fetch.Limit{Requests: 1_000_000, Per: time.Second}
	client, err := fetch.New(fetch.Options{
		TenantID: tenant.String(), ClientID: graphsim.ClientID, RootCAs: roots,
		Credential: fetch.ClientSecret(func() (string, error) { return graphsim.ClientSecret, nil }),
		GraphURL:   graph.GraphURL(), LoginURL: graph.LoginURL(),
		Limits: fetch.Limits{CallRecords: wide, List: wide, Record: wide, Logs: wide, LogFunction: wide},
		Clock:  fetch.Clock{Now: clock, After: time.After, Wall: clock},
	})
	w.must(err)
	return client
}

// jobs are those of a daemon, as cmd/ingestd makes them.
func (w *pruned) jobs() (all []*schedule.Job) {
	budget := schedule.NewBudget()
	for _, e := range []fetch.Endpoint{calls, dialout, fetch.CallRecords} {
		j := &schedule.Job{
			Tenant: tenant, Name: "simulated", Cloud: "custom", Endpoint: e, Target: target(w, e), API: e.APIs[0],
			Policy: schedule.PolicyOf(e), Enabled: true, Schedule: "*/5 * * * *", DB: w.db, Log: zap.NewNop(),
			Next:   func(after time.Time) time.Time { return after.Add(time.Hour) },
			Budget: budget, Redactor: w.policy.Redactor(e.Rows), EraserOf: eraserOf,
		}
		if !e.Aggregate {
			j.Policy.Span = 45 * 24 * time.Hour
		}
		if w.term > 0 {
			j.Aged, j.AgedAfter = w.aged.Redactor(e.Rows), time.Duration(w.term)*24*time.Hour
		}
		all = append(all, j)
	}
	return all
}

func eraserOf(m *mapping.Model, erased []store.Erased) (*mapping.Eraser, error) {
	e, err := privacy.NewEraser(secret, tenant)
	for _, person := range erased {
		err = cmp.Or(err, e.Add(person.KnownBy, person.Hash))
	}
	return e.Of(m), err
}

// learn has the model do what reading all anew does.
func (w *pruned) learn(a again) {
	w.learnCalls(a)
	w.learnRest(a)
}

func (w *pruned) learnCalls(a again) {
	for id, day := range w.everCalls {
		w.stores(id, w.callOf(id, day, a.content))
	}
}

func (w *pruned) learnRest(a again) {
	for day := range w.everSums {
		w.replaces(day, a.sums)
	}
	horizon := w.served.Add(-fetch.CallRecords.Reach)
	for id, version := range a.versions {
		if w.at(dayOf(id)).Before(horizon) || !w.raises(id, version) {
			continue
		}
		if r := w.records[id]; r.Details < r.Version {
			w.details(id, r.Version)
		}
	}
}

// refused is from which id on the database takes no calls, at first.
const refused = 8

// refuse has the database refuse some rows from now on, or take them.
func (w *pruned) refuse(some bool) {
	w.refusing = some
	sql := `ALTER TABLE teams.pstn_calls DROP CONSTRAINT IF EXISTS refused`
	if some {
		sql += fmt.Sprintf(`, ADD CONSTRAINT refused CHECK (id < '%d') NOT VALID`, refused)
	}
	storetest.Exec(w, w.conn, sql)
}

// retry retries the rejects, once the database takes them.
func (w *pruned) retry() {
	w.refuse(false)
	graph := w.serving(again{})
	defer graph.Close()
	client := w.client(graph)
	_, err := client.Now(w.Context())
	w.must(err)
	j := w.jobs()[0]
	j.Client = client
	_, _, err = j.RetryRejects(w.Context(), nil)
	w.must(err)
	for raw := range w.raw {
		words := strings.Fields(raw.Said)
		id, err := strconv.Atoi(words[1])
		if err != nil {
			continue // it has no id
		}
		content, err := strconv.Atoi(words[2])
		w.must(err)
		if content > w.closed[id] {
			w.stores(id, prunedCall{raw.Day, content, w.read(raw.Of, raw.Day)})
		}
	}
	w.refresh()
}
