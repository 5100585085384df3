package migrations_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// What Microsoft publishes as examples, stored as a daemon stores it, and what the
// views make of it. Degradation and network jitter of the second stream are high,
// and count for nothing.
func TestViewsOfPublishedExamples(t *testing.T) {
	t.Parallel()
	facts := os.Getenv("INGESTD_GRAPH_FACTS")
	if facts == "" {
		t.Skip("INGESTD_GRAPH_FACTS is not set")
	}
	url := storetest.URL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	read := func(name string) mapping.Value {
		content, err := os.ReadFile(filepath.Join(facts, "examples", name+"-v1.0-"+examples[name]+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var document mapping.Document
		if err := document.Parse(content); err != nil {
			t.Fatal(err)
		}
		return document.Root()
	}
	for _, e := range fetch.Endpoints {
		switch e.Name {
		case "call_records":
			saveExamples(t, db, e, func(yield func(mapping.Value) bool) { yield(read("get-callrecord")) })
		case "pstn_calls":
			saveExamples(t, db, e, read("getPstnCalls").Member("value").Elements())
		case "direct_routing_calls":
			saveExamples(t, db, e, read("getDirectRoutingCalls").Member("value").Elements())
		}
	}
	for query, want := range exampleViews {
		if diff := cmp.Diff(cells(want), cells(table(run(t, conn, query)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// examples are the numbers of the examples, which are by kind of answer.
var examples = map[string]string{"get-callrecord": "4", "getPstnCalls": "1", "getDirectRoutingCalls": "1"}

var exampleViews = map[string]string{
	`SELECT media_kind, call_kind, packets, rtt_ms, jitter_ms, round(packet_loss::numeric, 4) AS loss, quality
	FROM analytics.call_quality_streams ORDER BY packets`: `
		media_kind | call_kind | packets | rtt_ms | jitter_ms | loss   | quality
		audio      | p2p       | 67      | 61     | 16        | 0.0000 | unclassified
		audio      | p2p       | 709     | 64     | 7         | 0.0138 | good`,
	`SELECT source, duration_s, outcome, answer_delay_s, setup_fail_s, provider, is_number_masked AS masked
	FROM analytics.telephony_calls ORDER BY source`: `
		source         | duration_s | outcome  | answer_delay_s | setup_fail_s | provider       | masked
		direct_routing | 5          | answered | NULL           | NULL         | direct_routing | t
		pstn           | 219        | answered | NULL           | NULL         | calling_plan   | f`,
}

func saveExamples(t *testing.T, db *store.DB, e fetch.Endpoint, elements func(func(mapping.Value) bool)) {
	t.Helper()
	target, err := store.NewTarget(uuid.New(), e.Name, e.Rows, e.EventTime)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	run, err := db.StartRun(t.Context(), target.Tenant, e.Name, "once", now, now)
	if err != nil {
		t.Fatal(err)
	}
	batch := e.Rows.NewBatch()
	for v := range elements {
		batch.Append(v, now)
	}
	if e.Versioned {
		err = db.SaveDetails(t.Context(), run, target, []*mapping.Batch{batch})[0]
	} else {
		_, err = db.SaveRows(t.Context(), run, target, batch, store.Reading{Pages: 1})
	}
	if err != nil {
		t.Fatal(err)
	}
}
