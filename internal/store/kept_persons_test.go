package store_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"ingestd/internal/catalog"
	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// modes are ever stricter ones of a tenant; with the first all is kept.
var modes = []map[catalog.Class]privacy.Mode{
	{},
	{catalog.Numbers: privacy.Mask, catalog.Location: privacy.Truncate},
	{
		catalog.Identity: privacy.HMAC, catalog.Numbers: privacy.Mask, catalog.Location: privacy.HMAC,
		catalog.Text: privacy.Drop,
	},
	{
		catalog.Identity: privacy.HMAC, catalog.Numbers: privacy.HMAC, catalog.Location: privacy.Drop,
		catalog.Text: privacy.Drop,
	},
}

// persons are how many there are in what is served: row n is of person n % persons.
const persons = 10

// userIDs begin the ids of users, which are nothing else in bytes; noUserIDs are those of
// other tests.
const userIDs, noUserIDs = "7c9e6679-7425-40de-944b-", "00000000-0000-0000-0000-"

// secret is what pseudonyms are made with.
var secret = make([]byte, 32)

func userID(who int) string    { return fmt.Sprintf(userIDs+"%012d", who%persons) }
func userName(who int) string  { return fmt.Sprintf("Anna Zaunreiher%d", who%persons) }
func principal(who int) string { return fmt.Sprintf("zaunreiher%d@contoso.example", who%persons) }
func numberOf(who int) string  { return fmt.Sprintf("+4930123450%d", who%persons) }
func address(who int) string   { return fmt.Sprintf("10.211.77.%d", 100+who%persons) }

// A personal is what a row says of a person, in a column each.
type personal struct{ User, Name, Principal, Number, Address string }

func callerOf(who int) personal {
	return personal{userID(who), userName(who), principal(who), numberOf(who), address(who)}
}

func (p personal) String() string {
	return strings.Join([]string{p.User, p.Name, p.Principal, p.Number, p.Address}, "|")
}

// caller are the members of a row that tell whom it is about.
func caller(who int) string {
	return fmt.Sprintf(`"userId": %q, "userDisplayName": %q, "userPrincipalName": %q, "callerNumber": %q,
		"clientLocalIpV4Address": %q`, userID(who), userName(who), principal(who), numberOf(who), address(who))
}

// spokenOf is a call record of a person, who said something of it.
func spokenOf(record string, who int) string {
	return strings.NewReplacer("+4930123456", numberOf(who), `"feedback": {"rating": "good"}`, fmt.Sprintf(
		`"associatedIdentity": {"@odata.type": "#microsoft.graph.userIdentity", "id": %q, "displayName": %q,
			"userPrincipalName": %q},
		"feedback": {"rating": "good", "text": "%[2]s heard nothing"}`, userID(who), userName(who), principal(who)),
		"192.168.1.0", address(who), noUserIDs, userIDs).Replace(record)
}

// by is what becomes of it if each column's text is replaced.
func (p personal) by(replace func(column, text string) (string, bool)) personal {
	for column, text := range map[string]*string{
		"user_id": &p.User, "user_display_name": &p.Name, "user_principal_name": &p.Principal,
		"caller_number": &p.Number, "client_local_ip_v4_address": &p.Address,
	} {
		if *text != "" {
			*text, _ = replace(column, *text)
		}
	}
	return p
}

// without is what becomes of it once persons are erased: of who is one of them all goes.
func (p personal) without(e *privacy.Eraser) personal {
	id, _ := e.Replace([]byte(p.User))
	own := string(id) != p.User
	return p.by(func(column, text string) (string, bool) {
		var rule mapping.Rule = e
		if columns := calls.Rows.Tables[0].Columns; own {
			rule = e.Own(columns[slices.Index(calls.Rows.Tables[0].ColumnNames(), column)])
		}
		stored, ok := rule.Replace([]byte(text))
		return string(stored), ok
	})
}

// read is what is stored of what is served.
func (w *pruned) read(p personal, day int) personal {
	policy := w.policy
	if day < w.readsAged() {
		policy = w.aged
	}
	return p.without(w.eraser).by(policy.Stored)
}

// readsAged is the day before which what is read is past the term of personal data.
func (w *pruned) readsAged() int {
	if w.term == 0 {
		return 0
	}
	return max(servedOn-w.term+1, w.agedBefore)
}

// rewrites has the model do what rewriting all before a day does, and reports whether
// anything changes.
func (w *pruned) rewrites(before int, rewrite func(personal) personal) (changed bool) {
	change := func(day int, p personal) personal {
		if day >= before {
			return p
		}
		now := rewrite(p)
		changed = changed || now != p
		return now
	}
	for id, c := range w.calls {
		c.Of = change(c.Day, c.Of)
		w.calls[id] = c
	}
	for day, of := range w.sums {
		for who, p := range of {
			of[who] = change(day, p)
		}
	}
	for _, r := range w.records {
		r.Of = [2]personal{change(r.Day, r.Of[0]), change(r.Day, r.Of[1])}
	}
	raw := map[prunedRaw]bool{}
	for r := range w.raw {
		r.Of = change(r.Day, r.Of)
		raw[r] = true
	}
	w.raw = raw
	w.rekeyed = w.rekeyed || changed
	return changed
}

// always is before no day.
const always = 1000

// private reports whether answers are not kept as served.
func (w *pruned) private() bool { return w.policy != nil || len(w.erased) > 0 }

// batch is a batch of a run that has begun, for rows that have a time or are of before a day.
func (w *pruned) batch(m *mapping.Model, before int) *mapping.Batch {
	b := w.policy.NewBatch(m)
	b.Eraser = w.eraser.Of(m)
	if w.term > 0 {
		b.Aged = &mapping.Aged{
			Redactor: w.aged.Redactor(m), Before: w.day(w.readsAged()), Timeless: before > 0 && before <= w.readsAged(),
		}
		if m != dialout.Rows {
			b.Aged.Columns = []string{"start_at"}
		}
	}
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
		w.connect(storetest.Copy(w, w.url))
	} else {
		w.db = storetest.Connect(w, w.url)
	}
	w.begin()
}

// setModes has personal data stored by modes from now on, and what is stored rewritten.
func (w *pruned) setModes(mode int) {
	var err error
	w.mode = mode
	w.policy, err = privacy.New(modes[mode], secret, tenant)
	w.must(err)
	w.aged, err = privacy.New(privacy.Aged(modes[mode]), secret, tenant)
	w.must(err)
	if w.policy == nil {
		return
	}
	w.must(w.db.Rewrite(w.Context(), w.rewritesBy(w.policy, "modes"), nil))
	w.rewrites(always, func(p personal) personal { return p.by(w.policy.Stored) })
	w.dropBodies()
	w.refresh()
}

func (w *pruned) rewritesBy(policy *privacy.Policy, name string) (all []*store.Rewrite) {
	for _, j := range w.jobs() {
		j.Target.RewriteBy(4)
		all = append(all, &store.Rewrite{Target: j.Target, NewBatch: policy.NewBatch, Name: name})
	}
	return all
}

// dropBodies has the model do what a rewrite does to answers that were kept.
func (w *pruned) dropBodies() {
	for _, r := range w.records {
		r.Body = false
	}
}

// age has personal data go that is past its term, in most rounds.
func (w *pruned) age(r *rapid.T) {
	if w.term == 0 {
		w.must(w.db.ForgetRewrites(w.Context(), []uuid.UUID{tenant}, schedule.Personal))
		w.agedBefore = 0
		return
	}
	if rapid.IntRange(0, 3).Draw(r, "aged") == 0 {
		return
	}
	before := servedOn - w.term
	all := w.rewritesBy(w.aged, schedule.Personal)
	for _, rewrite := range all {
		rewrite.Before = w.day(before)
	}
	for more := true; more; {
		var err error
		_, more, err = w.db.RewriteOld(w.Context(), all)
		w.must(err)
	}
	w.agedBefore = max(w.agedBefore, before)
	w.rewrites(before, func(p personal) personal { return p.by(w.aged.Stored) })
	w.refresh()
}
