// Package feedtest follows the change feed as a reader does.
package feedtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/store/storetest"
)

// A Copy is a copy of the six tables that is kept by analytics.change_feed
// alone, as docs/change-feed.md tells its readers to. Rows not seen in this epoch
// count only if they have expired.
type Copy struct {
	Epoch, XID string // of the mark
	table, key string // and so are these
	rows       map[feedKey]feedRow
}

type feedKey struct{ table, key string }

type feedRow struct {
	json    string // with its details
	epoch   string // in which it was seen last
	expired bool   // the source has deleted it as old
}

// New makes a copy of nothing.
func New() *Copy { return &Copy{rows: map[feedKey]feedRow{}} }

// A change is a row of the feed.
type change struct{ XID, Table, Key, Op string }

const feedPage = `
	SELECT change_xid_text, table_name, key::text, op
	FROM analytics.change_feed
	WHERE (change_xid, table_name, key) > ($1::text::xid8, $2, $3::jsonb)
	ORDER BY change_xid, table_name, key
	LIMIT $4`

// Read brings one page of the feed to the copy, and reports whether it was full.
func (c *Copy) Read(t testing.TB, conn *pgx.Conn, limit int) (more bool) {
	t.Helper()
	if c.Epoch == "" {
		c.XID, c.table, c.key = "0", "", "{}"
	}
	rows, err := conn.Query(t.Context(), feedPage, c.XID, c.table, c.key, limit)
	if err != nil {
		t.Fatal(err)
	}
	page, err := pgx.CollectRows(rows, pgx.RowToStructByPos[change])
	if err != nil {
		t.Fatal(err)
	}
	now := storetest.Query[string](t, conn, `SELECT ingest.feed_epoch()`)
	if now != c.Epoch {
		c.Epoch, c.XID, c.table, c.key = now, "0", "", "{}"
		return true
	}
	found := map[feedKey]string{}
	for table := range Tables {
		var keys []string
		for _, row := range page {
			if row.Table == table {
				keys = append(keys, row.Key)
			}
		}
		sourceRows(t, conn, table, keys, found)
	}
	for _, row := range page {
		c.apply(row, found)
	}
	if len(page) > 0 {
		last := page[len(page)-1]
		c.XID, c.table, c.key = last.XID, last.Table, last.Key
	}
	return len(page) == limit
}

// Kept are the rows that count, by table and key: whether each has expired, and what
// it says.
func (c *Copy) Kept() map[string]string {
	kept := map[string]string{}
	for key, row := range c.rows {
		if row.expired || row.epoch == c.Epoch {
			kept[key.table+" "+key.key] = fmt.Sprint(row.expired, row.json)
		}
	}
	return kept
}

// apply brings one change to the copy. found are rows as they are now.
func (c *Copy) apply(change change, found map[feedKey]string) {
	key := feedKey{change.Table, change.Key}
	row, known := c.rows[key]
	json, there := found[key]
	switch {
	case there:
		c.rows[key] = feedRow{json: json, epoch: c.Epoch}
	case change.Op == "delete":
		delete(c.rows, key)
	case change.Op == "expire" && known:
		row.expired = true
		c.rows[key] = row
	}
}

// Forget has the copy begin anew, as if all of it were of another epoch.
func (c *Copy) Forget() {
	c.Epoch = "past"
	for key, row := range c.rows {
		row.epoch = c.Epoch
		c.rows[key] = row
	}
}

// Drain reads the feed to its end, once all transactions that have begun are over.
func (c *Copy) Drain(t testing.TB, conn *pgx.Conn, limit int) {
	t.Helper()
	storetest.WaitForHorizon(t, conn)
	for c.Read(t, conn, limit) {
	}
}

// Tables are the tables of the feed with the columns of their keys.
var Tables = map[string]string{
	"call_records":           "tenant_id,id",
	"pstn_calls":             "tenant_id,id",
	"direct_routing_calls":   "tenant_id,id",
	"sms_messages":           "tenant_id,id",
	"pstn_blocked_users_log": "tenant_id,event_key",
	"dialout_report":         "tenant_id,window_from,window_to,report_key",
}

// sourceRows adds the rows that have some keys, with their details. Without keys
// it adds all that readers are to have.
func sourceRows(t testing.TB, conn *pgx.Conn, table string, keys []string, found map[feedKey]string) {
	t.Helper()
	if keys != nil && len(keys) == 0 {
		return
	}
	rows, err := conn.Query(t.Context(), sourceStatement(table), keys)
	if err != nil {
		t.Fatal(err)
	}
	var key, json string
	_, err = pgx.ForEachRow(rows, []any{&key, &json}, func() error {
		found[feedKey{table, key}] = json
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sourceStatement reads keys and rows of a table, whatever the feed says. Version
// and pending of a call record also follow the list, which the feed passes over.
func sourceStatement(table string) string {
	parts := fmt.Sprintf(`'%s', jsonb_build_array(to_jsonb(t) - '{version,pending}'::text[])`, table)
	where := "$1::text[] IS NULL OR key::text = ANY ($1)"
	if table == fetch.CallRecords.Name {
		where = "details_version IS NOT NULL AND (" + where + ")"
		for _, child := range fetch.CallRecords.Rows.Tables[1:] {
			parts += fmt.Sprintf(`, '%[1]s', (
				SELECT jsonb_agg(to_jsonb(c) ORDER BY to_jsonb(c)) FROM teams.%[1]s c
				WHERE c.tenant_id = t.tenant_id AND c.call_id = t.id)`, child.Name)
		}
	}
	return fmt.Sprintf(`
		SELECT key::text, jsonb_strip_nulls(jsonb_build_object(%s))::text
		FROM teams.%s t
		CROSS JOIN LATERAL (
			SELECT jsonb_object_agg(name, to_jsonb(t)->name) AS key FROM unnest('{%s}'::text[]) AS name
		) k
		WHERE %s`, parts, table, Tables[table], where)
}

const (
	// expired asks for the rows that the source deleted as old.
	expired = `
		SELECT table_name, key::text
		FROM (
			SELECT DISTINCT ON (table_name, key) * FROM ingest.tombstones ORDER BY table_name, key, tombstone_id DESC
		) newest
		WHERE op = 'expire'`
	// withoutDetails asks for the calls whose details it deleted as old, which is no change.
	withoutDetails = `
		SELECT 'call_records', jsonb_build_object('tenant_id', c.tenant_id, 'id', c.id)::text
		FROM teams.call_records c
		JOIN ingest.endpoints e ON e.tenant_id = c.tenant_id AND e.endpoint = 'call_records'
		WHERE c.start_at < e.details_kept_from`
)

func keysOf(t testing.TB, conn *pgx.Conn, query string) []feedKey {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (key feedKey, err error) {
		return key, row.Scan(&key.table, &key.key)
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Want fails unless the copy has exactly what the source has, besides rows that
// the source has deleted as old.
func (c *Copy) Want(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	if faults := c.Faults(t, conn); len(faults) > 0 {
		t.Fatalf("%d rows differ: %s", len(faults), strings.Join(faults[:min(5, len(faults))], "\n"))
	}
}

// Faults are the differences that Want fails for.
func (c *Copy) Faults(t testing.TB, conn *pgx.Conn) []string {
	t.Helper()
	source := map[feedKey]string{}
	for table := range Tables {
		sourceRows(t, conn, table, nil, source)
	}
	pruned := map[feedKey]bool{}
	for _, key := range keysOf(t, conn, withoutDetails) {
		pruned[key] = true
	}
	var faults []string
	for key, json := range source {
		switch row, known := c.rows[key]; {
		case !known:
			faults = append(faults, fmt.Sprintf("missing: %v", key))
		case row.expired || row.epoch != c.Epoch || row.json != json && !pruned[key]:
			faults = append(faults, fmt.Sprintf("stale: %v: %+v, want %s", key, row, json))
		}
	}
	for key, row := range c.rows {
		if _, there := source[key]; !there && !row.expired && row.epoch == c.Epoch {
			faults = append(faults, fmt.Sprintf("too much: %v", key))
		}
	}
	for _, key := range keysOf(t, conn, expired) {
		_, there := source[key]
		if row, known := c.rows[key]; known && !there && !row.expired {
			faults = append(faults, fmt.Sprintf("not kept: %v", key))
		}
	}
	slices.Sort(faults)
	return faults
}
