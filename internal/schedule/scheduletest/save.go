package scheduletest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store"
)

// Encode makes a batch of documents, all of which must fit their tables.
func Encode(t testing.TB, e fetch.Endpoint, documents ...string) *mapping.Batch {
	t.Helper()
	b := e.Rows.NewBatch()
	for _, document := range documents {
		var parsed mapping.Document
		if err := parsed.Parse([]byte(document)); err != nil {
			t.Fatalf("%v in %s", err, document)
		}
		b.Append(parsed.Root(), Noon)
	}
	if len(b.Elements) != len(documents) {
		t.Fatalf("%d of %d documents fit; the first reject: %s", len(b.Elements), len(documents), b.Rejects[0].Reason)
	}
	return b
}

// Save stores documents without a World, in a run of its own, as if a list had served them. Those of call records are
// stored with their details.
func Save(t testing.TB, db *store.DB, e fetch.Endpoint, documents ...string) store.Counts {
	t.Helper()
	b := Encode(t, e, documents...)
	target, err := store.NewTarget(Tenant, e.Name, e.Rows, e.EventTime)
	if err != nil {
		t.Fatal(err)
	}
	midnight := Noon.Truncate(24 * time.Hour)
	day := store.Slot{From: midnight, To: midnight.Add(24 * time.Hour), ReadAt: Noon}
	run, err := db.StartRun(t.Context(), Tenant, e.Name, "once", day.From, day.To)
	if err != nil {
		t.Fatal(err)
	}
	if err := saveBatch(t, db, run, target, e, b, day); err != nil {
		t.Fatal(err)
	}
	counts, err := db.EndRun(t.Context(), run, store.Outcome{Result: "ok"})
	if err != nil {
		t.Fatal(err)
	}
	refreshUsers(t, db, target)
	return counts
}

// refreshUsers brings teams.users up to date. The rows of a transaction wait until all that began before it have ended,
// those of other tests on the same server too.
func refreshUsers(t testing.TB, db *store.DB, target *store.Target) {
	t.Helper()
	left := fmt.Sprintf(`SELECT count(*) FROM teams.%s WHERE change_xid >=
		coalesce((SELECT xid FROM ingest.marks WHERE endpoint = '%[1]s' AND name = 'users'), '0')`, target.Endpoint)
	for {
		if _, err := db.RefreshUsers(t.Context(), target, 1_000_000); err != nil {
			t.Fatal(err)
		}
		answer, err := db.Ask(t.Context(), left)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Rows[0][0] == "0" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// saveBatch chooses among the three ways of saving, as a run does.
func saveBatch(
	t testing.TB,
	db *store.DB,
	run *store.Run,
	target *store.Target,
	e fetch.Endpoint,
	b *mapping.Batch,
	day store.Slot,
) error {
	reading := store.Reading{From: day.From, To: day.To, Slot: e.Slot, Read: []store.Slot{day}, Pages: 1}
	switch {
	case e.Aggregate:
		_, err := db.ReplaceDay(t.Context(), run, target, b, day, 1)
		return err
	case !e.Versioned:
		_, err := db.SaveRows(t.Context(), run, target, b, reading)
		return err
	}
	if _, err := db.Announce(t.Context(), run, target, b, reading); err != nil {
		return err
	}
	if err := db.SaveDetails(t.Context(), run, target, []*mapping.Batch{b})[0]; !errors.Is(err, store.ErrNewer) {
		return err
	}
	return nil
}

// WantRoundTrip fails the test unless each document comes back from the tables as it was.
func WantRoundTrip(t testing.TB, db *store.DB, e fetch.Endpoint, documents ...string) {
	t.Helper()
	for _, element := range Encode(t, e, documents...).Elements {
		key := KeyOf(element)
		if e.Versioned { // the id of a call record is a GUID
			key = uuid.Must(uuid.FromBytes([]byte(key))).String()
		}
		rebuilt, err := db.Rebuild(t.Context(), e.Rows, Tenant, key)
		if err != nil {
			t.Fatal(err)
		}
		mappingtest.Same(t, element.Raw, rebuilt)
		if t.Failed() {
			t.FailNow()
		}
	}
}
