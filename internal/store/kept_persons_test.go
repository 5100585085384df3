package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/privacy/privacytest"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// persons are how many there are in what is served: row n is of person n % persons.
const persons = 10

// secret is what pseudonyms are made with.
var secret = make([]byte, 32)

func userID(who int) string   { return fmt.Sprintf("00000000-0000-0000-0000-%012d", who%persons) }
func userName(who int) string { return fmt.Sprintf("Anna Zaunreiher%d", who%persons) }
func numberOf(who int) string { return fmt.Sprintf("+4930123450%d", who%persons) }

// user are the members of a row that tell whom it is about.
func user(who int) string {
	return fmt.Sprintf(`"userId": %q, "userDisplayName": %q`, userID(who), userName(who))
}

// spokenOf is a call record of a person, who said something of it.
func spokenOf(record string, who int) string {
	return strings.NewReplacer("+4930123456", numberOf(who), `"feedback": {"rating": "good"}`, fmt.Sprintf(
		`"associatedIdentity": {"@odata.type": "#microsoft.graph.userIdentity", "id": %q, "displayName": %q},
		"feedback": {"rating": "good", "text": "%[2]s heard nothing"}`, userID(who), userName(who))).Replace(record)
}

// stored is what the model expects where a text was served in a row of a user: of who was
// erased a pseudonym, and no name.
func (w *pruned) stored(column, text, user string) string {
	if !w.erased[text] && !w.erased[user] {
		text, _ = w.policy.Stored(column, text)
		return text
	}
	if p, ok := w.eraser.Person(text); ok {
		return p.Instead[0]
	}
	return ""
}

func (w *pruned) storedUser(who int) string { return w.stored("user_id", userID(who), userID(who)) }

// private reports whether answers are not kept as served.
func (w *pruned) private() bool { return w.policy != nil || len(w.erased) > 0 }

// batch is a batch of a run that has begun.
func (w *pruned) batch(m *mapping.Model) *mapping.Batch {
	b := w.policy.NewBatch(m)
	b.Eraser = w.eraser.Of(m)
	return b
}

// begin begins runs, which know who was erased until then.
func (w *pruned) begin() {
	for _, e := range []fetch.Endpoint{calls, dialout, fetch.CallRecords} {
		run, err := w.db.StartRun(w.Context(), tenant, e.Name, "once", w.first, w.first)
		w.must(err)
		w.runs[e.Name] = run
	}
	w.eraser = w.knowing()
}

// knowing knows whom the database says that were erased.
func (w *pruned) knowing() *privacy.Eraser {
	eraser, err := privacy.NewEraser(secret, tenant)
	w.must(err)
	erased, err := w.db.Erased(w.Context(), tenant)
	w.must(err)
	for _, e := range erased {
		w.must(eraser.Add(e.KnownBy, e.Hash))
	}
	return eraser
}

func (w *pruned) end() {
	for _, run := range w.runs {
		_, err := w.db.EndRun(w.Context(), run, store.Outcome{Result: "ok"})
		w.must(err)
	}
}

// restart goes on with another process, and maybe in a copy of the database.
func (w *pruned) restart(restored bool) {
	w.end()
	w.db.Close()
	if restored && !storetest.OnCitus() { // which takes no template
		w.must(w.conn.Close(w.Context()))
		w.url = storetest.Copy(w, w.url)
		w.conn = storetest.Conn(w, w.url)
	}
	w.db = storetest.Connect(w, w.url)
	w.begin()
}

// setModes has personal data stored by modes from now on, and what is stored rewritten.
func (w *pruned) setModes(mode int) {
	policy, err := privacy.New(modes[mode], secret, tenant)
	w.must(err)
	w.strictest = mode == len(modes)-1
	if w.policy = policy; policy == nil {
		return
	}
	var all []*store.Rewrite
	for _, j := range w.jobs() {
		all = append(all, &store.Rewrite{Target: j.Target, NewBatch: policy.NewBatch, Name: "modes"})
	}
	w.must(w.db.Rewrite(w.Context(), all, nil))
	w.dropBodies()
	w.refresh()
}

func (w *pruned) jobs() (all []*schedule.Job) {
	for _, e := range []fetch.Endpoint{calls, dialout, fetch.CallRecords} {
		all = append(all, &schedule.Job{DB: w.db, Endpoint: e, Target: target(w, e)})
	}
	return all
}

// dropBodies has the model do what a rewrite does to answers that were kept.
func (w *pruned) dropBodies() {
	for _, r := range w.records {
		r.Body = false
	}
}

// erase erases a person. Stopped half-way, all is served again before it goes on.
func (w *pruned) erase(r *rapid.T) {
	who := rapid.IntRange(0, persons-1).Draw(r, "who")
	text := rapid.SampledFrom([]string{userID(who), numberOf(who)}).Draw(r, "erased")
	stopped := rapid.Bool().Draw(r, "stopped")
	w.end()
	ctx, stop := context.WithCancel(w.Context())
	defer stop()
	e := w.erasure(text)
	if stopped {
		e.Progress = func(string, int, int) { stop() }
	}
	found, err := w.db.Find(w.Context(), e.Search)
	w.must(err)
	_, err = e.Run(ctx, found)
	w.erased[text] = true
	if errors.Is(err, context.Canceled) {
		w.begin()
		w.halfway = true
		w.serveAgain(r)
		w.halfway = false
		w.end()
		e = w.erasure(text)
		found, err = w.db.Find(w.Context(), e.Search)
		w.must(err)
		_, err = e.Run(w.Context(), found)
	}
	w.must(err)
	if len(found) > 0 {
		w.dropBodies()
	}
	w.begin()
	w.refresh()
}

func (w *pruned) erasure(text string) *schedule.Erasure {
	eraser := w.knowing()
	p, ok := eraser.Person(text)
	if !ok {
		w.fail("%s is nobody", text)
	}
	w.must(eraser.Add(p.By, p.Hash))
	return &schedule.Erasure{
		Jobs: w.jobs(),
		Noted: store.Erasure{
			Tenant: tenant, KnownBy: p.By, Hash: p.Hash, NeededUntil: time.Now().Add(time.Hour),
			Found: map[string]int64{}, Program: "test",
		},
		Search: store.Search{Tenant: tenant, Marks: p.Spellings, Instead: p.Instead},
		Eraser: eraser.Of, Wait: time.Millisecond,
	}
}

// wantGone searches all tables for what may not be in them.
func (w *pruned) wantGone() {
	var gone []string
	for who := range persons {
		if w.erased[userID(who)] || w.strictest {
			gone = append(gone, userID(who), userName(who))
		}
		if w.strictest {
			gone = append(gone, numberOf(who))
		}
	}
	for text := range w.erased {
		p, _ := w.eraser.Person(text)
		gone = append(gone, p.Spellings...)
	}
	if len(gone) == 0 {
		return
	}
	var all bytes.Buffer
	for _, table := range storetest.Query[[]string](w, w.conn, `SELECT array_agg(format('%I.%I', schemaname, tablename))
		FROM pg_tables WHERE schemaname IN ('teams', 'ingest', 'rollup')`) {
		_, err := w.conn.PgConn().CopyTo(w.Context(), &all, "COPY (TABLE "+table+") TO STDOUT (FORMAT binary)")
		w.must(err)
	}
	slices.Sort(gone)
	if found := privacytest.Found(all.Bytes(), slices.Compact(gone)); len(found) > 0 {
		w.fail("in the tables are %q", found)
	}
}
