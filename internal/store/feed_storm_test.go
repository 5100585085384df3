package store_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/store/feedtest"
	"ingestd/internal/store/storetest"
)

// Whatever two writers do, a copy kept by pages of the feed is in the end what the
// source is, and keeps what the source deleted as old.
func TestFeedStorm(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	w := newFeedWorld(t, url)
	storetest.Divide(t, w.conn)
	rapid.Check(t, func(r *rapid.T) {
		w.TB = drawing{t, r}
		w.clear()
		w.copy = feedtest.New()
		w.do(rapid.SliceOfN(rapid.Custom(drawAct), 1, storetest.Times(12, 60)).Draw(r, "acts"))
		w.settle()
	})
}

// drawing tells rapid what fails, so that it prints the seed and looks for less that
// fails.
type drawing struct {
	testing.TB
	r *rapid.T
}

func (d drawing) Fatal(args ...any)                 { d.r.Helper(); d.r.Fatal(args...) }
func (d drawing) Fatalf(format string, args ...any) { d.r.Helper(); d.r.Fatalf(format, args...) }

// An act is something a writer or the reader of the feed does.
type act struct {
	Do         string
	Writer     int // of two
	Tenant     int // of two
	From, Many int // rows
	Content    int
	Limit      int // of a page
}

var acts = []string{
	"page", "page", "page", "save", "save", "save", "replace a day", "announce", "store details",
	"begin", "begin", "end", "undo", "prepare", "block", "unblock", "expire calls", "expire records",
}

func drawAct(r *rapid.T) act {
	return act{
		Do:      rapid.SampledFrom(acts).Draw(r, "do"),
		Writer:  rapid.IntRange(0, 1).Draw(r, "writer"),
		Tenant:  rapid.IntRange(0, 1).Draw(r, "tenant"),
		From:    rapid.IntRange(0, 9).Draw(r, "from"),
		Many:    rapid.IntRange(1, 8).Draw(r, "many"),
		Content: rapid.IntRange(1, 4).Draw(r, "content"),
		Limit:   rapid.SampledFrom([]int{1, 3, 10, 100}).Draw(r, "limit"),
	}
}

// expire deletes rows as old, as retention does: each leaves a tombstone in the
// same transaction.
func (w *feedWorld) expire(a act) {
	w.Helper()
	table := map[string]string{"expire calls": "pstn_calls", "expire records": "call_records"}[a.Do]
	children := ""
	if table == "call_records" {
		for _, child := range fetch.CallRecords.Rows.Tables[1:] {
			children += fmt.Sprintf(`, %[1]s AS (
				DELETE FROM teams.%[1]s c USING gone
				WHERE c.tenant_id = gone.tenant_id AND call_id = gone.id)`, child.Name)
		}
	}
	_, err := w.conn.Exec(w.Context(), fmt.Sprintf(`
		WITH gone AS (
			DELETE FROM teams.%[1]s
			WHERE tenant_id = $1 AND id IN (
				SELECT id FROM teams.%[1]s WHERE tenant_id = $1 ORDER BY id OFFSET $2 LIMIT $3 FOR UPDATE SKIP LOCKED)
			RETURNING tenant_id, id
		)%[2]s
		INSERT INTO ingest.tombstones (tenant_id, table_name, key, op)
		SELECT tenant_id, '%[1]s', to_jsonb(gone), 'expire' FROM gone`, table, children),
		feedTenants[a.Tenant], a.From, a.Many)
	w.check(err)
}
