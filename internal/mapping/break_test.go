package mapping_test

import (
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
)

// TestBreakExtendTwice has an array in the record itself and served once more
// by the request for it: rows of one key would be COPYed twice (SQLSTATE
// 23505, which counts as transient and ends the run, every time).
func TestBreakExtendTwice(t *testing.T) {
	var record, page mapping.Document
	text := `{"id":"00000000-0000-4000-8000-000000000001","version":1,"sessions":[],"participants_v2":[{"id":"a"}]}`
	if err := record.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := page.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	b := fetch.CallRecords.Rows.NewBatch()
	b.Append(record.Root(), time.Unix(0, 0))
	if err := b.Extend("participants_v2", page.Root().Member("participants_v2"), 0); err == nil {
		t.Error("two rows of one ordinal are in the batch")
	}
}
