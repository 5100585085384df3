package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"ingestd/internal/catalog"
	"ingestd/internal/privacy"
	"ingestd/internal/privacy/privacytest"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// erase erases a person. Stopped half-way, all is served again before it goes on. A reading
// that began before stores the person behind it.
func (w *pruned) erase(r *rapid.T) {
	who := rapid.IntRange(0, persons-1).Draw(r, "who")
	text := rapid.SampledFrom([]string{userID(who), numberOf(who)}).Draw(r, "erased")
	w.end()
	w.rekeyed = true
	var found []store.Find
	switch rapid.SampledFrom([]string{"alone", "stopped", "beside a reading"}).Draw(r, "erasure") {
	case "stopped":
		found = w.eraseUntilStopped(text, r)
	case "beside a reading":
		found = w.eraseBesideReading(text, w.drawAgain(r))
	}
	rest, err := w.run(w.Context(), w.erasure(text))
	w.must(err)
	w.erased[text] = true
	w.begin()
	if w.forgetPersons() || len(found)+len(rest) > 0 {
		w.dropBodies()
	}
	w.refresh()
}

// forgetPersons has the model do what an erasure does, and reports whether anything changes.
func (w *pruned) forgetPersons() bool {
	return w.rewrites(always, func(p personal) personal { return p.without(w.eraser) })
}

func (w *pruned) run(ctx context.Context, e *schedule.Erasure) ([]store.Find, error) {
	found, err := w.db.Find(w.Context(), e.Search)
	w.must(err)
	_, err = e.Run(ctx, found)
	return found, err
}

func (w *pruned) eraseUntilStopped(text string, r *rapid.T) []store.Find {
	ctx, stop := context.WithCancel(w.Context())
	defer stop()
	e := w.erasure(text)
	e.Progress = func(string, int, int) { stop() }
	found, err := w.run(ctx, e)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	w.must(err)
	w.erased[text] = true
	w.begin()
	w.halfway = true
	w.serveAgain(r)
	w.halfway = false
	w.end()
	return found
}

// eraseBesideReading erases while Graph keeps a run waiting that began before.
func (w *pruned) eraseBesideReading(text string, a again) []store.Find {
	began, goOn, read := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	begin, pass := sync.OnceFunc(func() { close(began) }), sync.OnceFunc(func() { close(goOn) })
	go func() {
		read <- w.backfill(a, func() {
			begin()
			<-goOn
		})
	}()
	<-began
	e := w.erasure(text)
	e.Progress = func(what string, _, _ int) {
		if strings.HasPrefix(what, "runs") { // it has been through, and waits
			pass()
		}
	}
	found, err := w.run(w.Context(), e)
	w.must(err)
	pass()
	w.must(<-read)
	w.learnCalls(a)
	w.eraser = w.knowing()
	w.learnRest(a)
	return found
}

// erasure is one as cmd/ingestd makes it.
func (w *pruned) erasure(text string) *schedule.Erasure {
	eraser := w.knowing()
	p, ok := eraser.Person(text)
	if !ok {
		w.fail("%s is nobody", text)
	}
	w.must(eraser.Add(p.By, p.Hash))
	var principals, names []string
	if p.By == privacy.ByUser {
		var err error
		principals, names, err = w.db.NamesOf(w.Context(), tenant, p.Spellings)
		w.must(err)
		isOther := func(text string) bool { return privacy.IsPseudonym([]byte(text)) }
		principals, names = slices.DeleteFunc(principals, isOther), slices.DeleteFunc(names, isOther)
	}
	eraser.Mention(principals, names)
	return &schedule.Erasure{
		Jobs: w.jobs(),
		Noted: store.Erasure{
			Tenant: tenant, KnownBy: p.By, Hash: p.Hash, NeededUntil: time.Now().Add(time.Hour),
			Found: map[string]int64{}, Program: "test",
		},
		Search: store.Search{
			Tenant: tenant, Marks: append(p.Spellings, principals...), Instead: p.Instead, Names: names,
		},
		Eraser: eraser.Of, Wait: time.Millisecond,
	}
}

// wantUsers wants the users of rows to be known as the rows have them.
func (w *pruned) wantUsers() {
	for _, j := range w.jobs() {
		storetest.RefreshUsers(w, w.db, w.conn, j.Target)
	}
	const unknown = `
		SELECT DISTINCT concat_ws(' ', p.user_id, p.user_principal_name, 'but', u.user_id, u.principal_name)
		FROM teams.pstn_calls p
		LEFT JOIN teams.users u USING (tenant_id, user_id)
		WHERE u.user_id IS NULL OR u.principal_name <> p.user_principal_name
			OR u.principal_name IS NULL AND p.user_principal_name IS NOT NULL`
	if users := w.texts(unknown); len(users) > 0 {
		w.fail("users are not those of rows:\n%s", strings.Join(users, "\n"))
	}
}

// wantGone searches all tables for what may not be in them.
func (w *pruned) wantGone() {
	var gone, clear []string
	numbers := modes[w.mode][catalog.Numbers]
	for who := range persons {
		person := []string{userID(who), userName(who), principal(who)}
		clear = append(clear, person...)
		if w.erased[userID(who)] || modes[w.mode][catalog.Identity] != "" {
			gone = append(gone, person...)
		}
		if numbers != "" {
			gone = append(gone, numberOf(who))
		}
		if modes[w.mode][catalog.Location] != "" {
			gone = append(gone, address(who))
		}
	}
	for text := range w.erased {
		p, _ := w.eraser.Person(text)
		gone = append(gone, p.Spellings...)
	}
	w.wantNone(gone, w.texts(`SELECT format('TABLE %I.%I', schemaname, tablename)
		FROM pg_tables WHERE schemaname IN ('teams', 'ingest', 'rollup')`))
	aged := []string{fmt.Sprintf(`SELECT * FROM teams.users WHERE last_seen_on < '%s'`, w.date(w.agedBefore))}
	for _, r := range w.rollups {
		aged = append(aged, fmt.Sprintf(`SELECT * FROM rollup.%s WHERE day < '%s'`, r.Name, w.date(w.agedBefore-1)))
	}
	w.wantNone(clear, aged)
}

// wantNone searches what queries return for texts that may not be there.
func (w *pruned) wantNone(texts, queries []string) {
	slices.Sort(texts)
	texts = slices.Compact(texts)
	for _, query := range queries {
		var all bytes.Buffer
		_, err := w.conn.PgConn().CopyTo(w.Context(), &all, "COPY ("+query+") TO STDOUT (FORMAT binary)")
		w.must(err)
		if found := privacytest.Found(all.Bytes(), texts); len(found) > 0 {
			w.fail("of %s are %q", query, found)
		}
	}
}
