package torture

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/privacy/privacytest"
	"ingestd/internal/store/storetest"
)

// privacyKey is the secret of pseudonyms.
const privacyKey = "canary-of-pseudonyms-0123456789abcdef"

// erase takes a person out of all that is stored, beside a process that reads, or that stood still for so long that it
// was counted as killed. Once it says that it is done, neither may store anything of the person.
func (w *world) erase() {
	w.Helper()
	who := w.person()
	w.erased, w.figured = append(w.erased, who), nil // old figures may name the person
	w.passMinutes()                                  // nobody waits for those that were killed before
	args := []string{"erase", "--yes", "--user", who.id}
	froze := make(chan struct{})
	beside := w.atMessage(earlyMoments, func(p *process) storetest.Fault {
		return storetest.Fault{Then: func() { p.freeze(); close(froze) }}
	}, w.reading()...)
	select {
	case <-froze:
		if w.rng.IntN(2) == 0 {
			w.passMinutes()
		}
	case <-beside.ended:
	case <-time.After(unhurried):
		beside.kill()
	}
	if w.rng.IntN(3) == 0 {
		w.until(w.atMessage(moments, func(p *process) storetest.Fault {
			return storetest.Fault{Lose: true, Then: p.kill}
		}, args...))
	}
	lose := w.rng.IntN(2) == 0
	erasing := w.atMessage(moments, func(*process) storetest.Fault {
		return storetest.Fault{Cut: !lose, Lose: lose}
	}, args...)
	erasing.endsWithin(unhurried / 2) // it may wait for the other
	w.proxy.SetFaults(nil)
	beside.thaw()
	w.until(beside)
	if !erasing.endsWithin(unhurried) || erasing.code() != 0 {
		w.passMinutes() // one that erases waits for those that were killed
		w.calm()
		w.ends(args...)
	}
	w.checkErased()
}

// A person is known by an id, and by an address to sign in with.
type person struct{ id, principal string }

// person chooses one.
func (w *world) person() person {
	w.Helper()
	who := storetest.Query[[]string](w, w.conn, `
		SELECT ARRAY[user_id::text, lower(principal_name)] FROM teams.users
		WHERE tenant_id = $2 AND principal_name IS NOT NULL ORDER BY md5(user_id::text || $1) LIMIT 1`,
		fmt.Sprint(w.rng.Int64()), tenant)
	return person{who[0], who[1]}
}

// passMinutes has so much of the database's time pass that runs without a sign of life count as killed.
func (w *world) passMinutes() {
	w.exec(`UPDATE ingest.runs SET heartbeat_at = heartbeat_at - interval '6 minutes' WHERE finished_at IS NULL`)
}

// checkErased holds that nothing is stored of those who were erased. But blocks are served in other people's names.
func (w *world) checkErased() {
	w.Helper()
	var ids, principals []string
	for _, who := range w.erased {
		ids, principals = append(ids, who.id), append(principals, who.principal)
	}
	if len(ids) == 0 {
		return
	}
	w.reconnect()
	tables := storetest.Query[[]string](w, w.conn, `
		SELECT array_agg(c.oid::regclass::text ORDER BY c.oid) FROM pg_class c
		WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('teams', 'ingest', 'rollup', 'ref')`)
	for _, table := range tables {
		text := storetest.Query[string](w, w.conn,
			`SELECT coalesce(string_agg(t::text, E'\n'), '') FROM `+table+` t
			WHERE coalesce(to_jsonb(t)->>'tenant_id', '') <> $1`, neighbour.String())
		names := ids
		if table != "teams.pstn_blocked_users_log" {
			names = slices.Concat(ids, principals)
		}
		if found := privacytest.Found([]byte(text), names); len(found) > 0 {
			w.violate("%q of a person who was erased is in %s", found, table)
		}
	}
}

// isChanged reports whether a row is not stored as it was served, as it names somebody who was erased. Of a call record
// version and key are.
func (w *world) isChanged(e fetch.Endpoint, r *row) bool {
	return r != nil && !e.Versioned && slices.ContainsFunc(r.texts, w.namesIn)
}

// namesIn reports whether a text, in small letters, names somebody who was erased.
func (w *world) namesIn(text string) bool {
	return slices.ContainsFunc(w.erased, func(who person) bool {
		return strings.Contains(text, who.id) || strings.Contains(text, who.principal)
	})
}

// strangers are rows whose key was never served, and erased how many may be stored so, as their keys said who it was.
func (w *world) strangers(l *look, e fetch.Endpoint) (strangers []string, erased int) {
	rows := w.oracle.rows[e.Name]
	for key := range l.stored[e.Name] {
		if rows[key] == nil {
			strangers = append(strangers, key)
		}
	}
	for key, r := range rows {
		if _, there := l.stored[e.Name][key]; !there && w.isChanged(e, r) {
			erased++
		}
	}
	return strangers, erased
}
