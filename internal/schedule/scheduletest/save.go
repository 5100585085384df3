package scheduletest

import (
	"errors"
	"testing"
	"time"

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
		t.Fatalf("%d of %d documents can be stored; the first reject: %s", len(b.Elements), len(documents), b.Rejects[0].Reason)
	}
	return b
}

// Save stores documents without a World, in a run of its own, as if a list had served them. Those of call records are
// stored with their details.
func Save(t testing.TB, db *store.DB, e fetch.Endpoint, documents ...string) store.Counts {
	t.Helper()
	b := Encode(t, e, documents...)
	run := &store.Run{Tenant: Tenant, Endpoint: e.Name, Model: e.Rows, EventTime: e.EventTime, Aggregate: e.Aggregate, Versioned: e.Versioned}
	day := store.Slot{From: Noon.Truncate(24 * time.Hour), To: Noon.Truncate(24 * time.Hour).Add(24 * time.Hour), ReadAt: Noon}
	if err := db.StartRun(t.Context(), run, "once", day.From, day.To); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Save(t.Context(), run, b, []store.Slot{day}, 1); err != nil {
		t.Fatal(err)
	}
	if e.Versioned {
		if err := db.SaveDetails(t.Context(), run, b); err != nil && !errors.Is(err, store.ErrNewer) {
			t.Fatal(err)
		}
	}
	counts, err := db.FinishRun(t.Context(), run, store.Outcome{Result: "ok"})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// WantRoundTrip fails the test unless each document comes back from the tables as it was.
func WantRoundTrip(t testing.TB, db *store.DB, e fetch.Endpoint, documents ...string) {
	t.Helper()
	for _, element := range Encode(t, e, documents...).Elements {
		rebuilt, err := db.Rebuild(t.Context(), e.Rows, Tenant, keyOf(element))
		if err != nil {
			t.Fatal(err)
		}
		mappingtest.Same(t, element.Raw, rebuilt)
		if t.Failed() {
			t.FailNow()
		}
	}
}
