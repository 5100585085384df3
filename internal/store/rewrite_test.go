package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/catalog"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// masked is the policy of a tenant that is to keep apart people, but not know them.
func masked(t *testing.T) *privacy.Policy {
	t.Helper()
	p, err := privacy.New(map[catalog.Class]privacy.Mode{
		catalog.Identity: privacy.HMAC, catalog.Numbers: privacy.Mask, catalog.Text: privacy.Drop,
	}, make([]byte, 32), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rewrite rewrites all that is stored, and returns how many rows were looked at and written.
func (f *fixture) rewrite(newBatch func(*mapping.Model) *mapping.Batch) (rows, changed int64) {
	f.t.Helper()
	r := rewriteOf(f.target, newBatch)
	if err := f.db.Rewrite(f.t.Context(), []*store.Rewrite{r}, nil); err != nil {
		f.t.Fatal(err)
	}
	return r.Rows, r.Changed
}

func rewriteOf(t *store.Target, newBatch func(*mapping.Model) *mapping.Batch) *store.Rewrite {
	return &store.Rewrite{Target: t, Name: "test", NewBatch: newBatch}
}

// A key that is made of personal data becomes what it would be had the row been read so, and stays that when it is
// rewritten again, though what it is made of is not stored any more.
func TestRewriteOfKeys(t *testing.T) {
	blocked := endpoint("pstn_blocked_users_log")
	f := newFixtureOf(t, blocked)
	read := func(f *fixture, redactor *mapping.Redactor, n int) {
		t.Helper()
		b := blocked.Rows.NewBatch()
		b.Redactor = redactor
		for i := range n {
			var doc mapping.Document
			element := fmt.Sprintf(`{"userId": "7f0a3c52-1d2e-4f7b-8a55-%012d", "blockDateTime": "2026-03-01T10:00:00Z",
				"userTelephoneNumber": "+4930123456%d", "userBlockMode": "Blocked", "remediationId": null}`, i, i%10)
			if err := doc.Parse([]byte(element)); err != nil {
				t.Fatal(err)
			}
			b.Append(doc.Root(), noon)
		}
		if _, err := f.saveRows(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	const all = `SELECT jsonb_agg(to_jsonb(t) - '{ingested_at,run_id,change_xid}'::text[] ORDER BY event_key)
		FROM teams.pstn_blocked_users_log t`
	read(f, nil, 12)
	first := f.query(`SELECT min(ingested_at) FROM teams.pstn_blocked_users_log`)
	keys := f.query(`SELECT array_agg(event_key ORDER BY event_key) FROM teams.pstn_blocked_users_log`)
	read(f, masked(t).Redactor(blocked.Rows), 2) // as a daemon with the new modes has already
	f.target.RewriteBy(3)
	if rows, changed := f.rewrite(masked(t).NewBatch); rows < 14 || changed != 12 {
		t.Errorf("%d of %d rows were written, want 12", changed, rows)
	}
	other := &fixture{t: t, db: f.db, conn: f.conn, endpoint: blocked}
	got := f.query(all)
	if left := f.query(`SELECT array_agg(key->>'event_key' ORDER BY key->>'event_key') FROM ingest.tombstones
		WHERE op = 'delete' AND key->>'tenant_id' = tenant_id::text`); left != keys {
		t.Errorf("tombstones of %s, want %s", left, keys)
	}
	if at := f.query(`SELECT min(ingested_at) FROM teams.pstn_blocked_users_log`); at != first {
		t.Errorf("first stored at %s, was %s", at, first)
	}
	if _, changed := f.rewrite(masked(t).NewBatch); changed != 0 || f.query(all) != got {
		t.Errorf("%d rows were written again", changed)
	}
	f.exec(`TRUNCATE teams.pstn_blocked_users_log`)
	other.start()
	read(other, masked(t).Redactor(blocked.Rows), 12)
	if diff := cmp.Diff(f.query(all), got); diff != "" {
		t.Errorf("-read so, +rewritten:\n%s", diff)
	}
}

// What another writer stores while a slice waits for its locks is not lost, and not left as it is.
func TestRewriteBesideAWriter(t *testing.T) {
	f := newFixture(t)
	f.save(noon, elements(3, `, "userDisplayName": "Anna"`)...)
	writer := storetest.Conn(t, f.conn.Config().ConnString())
	tx, err := writer.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(t.Context(), `UPDATE teams.pstn_calls SET user_display_name = 'Berta', updated_at = $1
		WHERE id = '00000000-0000-0000-0000-000000000001'`, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int64)
	go func() {
		_, changed := f.rewrite(masked(t).NewBatch)
		done <- changed
	}()
	waiting(t, f.conn, 1)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if changed := <-done; changed != 3 {
		t.Errorf("%d rows changed, want 3", changed)
	}
	got := f.query(`
		SELECT string_agg(concat_ws(' ', count, left(user_display_name, 1), updated_at), ', ' ORDER BY count)
		FROM (SELECT count(*), user_display_name, updated_at FROM teams.pstn_calls GROUP BY 2, 3) names`)
	if want := "1 x 2026-03-02 13:00:00+00, 2 x 2026-03-02 12:00:00+00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A rewrite that is stopped goes on where it was, and what is as it is to be is not written.
func TestRewriteGoesOn(t *testing.T) {
	f := newFixture(t)
	f.save(noon, elements(10, `, "userDisplayName": "Anna", "charge": 1.50`)...)
	const written = `SELECT string_agg(xmin || ctid::text, ' ' ORDER BY id) FROM teams.pstn_calls`
	before := f.query(written)
	kept := func(m *mapping.Model) *mapping.Batch {
		b := m.NewBatch()
		b.Redactor = m.Redactor(func(string) mapping.Rule { return nil })
		return b
	}
	if rows, changed := f.rewrite(kept); rows != 10 || changed != 0 || f.query(written) != before {
		t.Errorf("of %d rows %d were written", rows, changed)
	}
	f.target.RewriteBy(3)
	r := rewriteOf(f.target, masked(t).NewBatch)
	ctx, stop := context.WithCancel(t.Context())
	err := f.db.Rewrite(ctx, []*store.Rewrite{r}, func(*store.Rewrite) { stop() })
	if !errors.Is(err, context.Canceled) || r.Changed != 3 {
		t.Errorf("%d rows were written until the stop: %v", r.Changed, err)
	}
	if rows, changed := f.rewrite(masked(t).NewBatch); changed != 7 || rows > 12 {
		t.Errorf("of %d rows %d were written after the stop", rows, changed)
	}
	if left := f.query(`SELECT count(*) FROM ingest.rewrites`); left != "0" {
		t.Errorf("the ledger has %s rows in the end", left)
	}
}

// A figure counts once what was stored twice, as before and as it is to be, until it was rewritten.
func TestRewriteOfFigures(t *testing.T) {
	f := newFixtureOf(t, endpoint("sms_messages"))
	for _, redactor := range []*mapping.Redactor{nil, masked(t).Redactor(f.endpoint.Rows)} {
		b := f.endpoint.Rows.NewBatch()
		b.Redactor = redactor
		var doc mapping.Document
		element := `{"userId": "7f0a3c52-1d2e-4f7b-8a55-0c1d2e3f4a5b", "sentDateTime": "2026-03-01T10:00:00Z",
			"sourceNumber": "+49301234567", "destinationNumber": "+49301234568", "smsUnits": 1}`
		if err := doc.Parse([]byte(element)); err != nil {
			t.Fatal(err)
		}
		b.Append(doc.Root(), noon)
		if _, err := f.saveRows(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	refresh := func() {
		t.Helper()
		if err := f.db.RefreshRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	if n := f.query(`SELECT count(*) FROM rollup.sms_usage_daily`); n != "2" {
		t.Fatalf("%s rows of figures, want 2", n)
	}
	f.rewrite(masked(t).NewBatch)
	refresh()
	if faults := storetest.RollupFaults(t, f.conn); len(faults) > 0 {
		t.Error(faults)
	}
}
