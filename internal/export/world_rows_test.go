package export_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/catalog"
)

var worldTenants = []uuid.UUID{uuid.MustParse(worldTenant(0)), uuid.MustParse(worldTenant(1))}

func worldTenant(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", n) }
func worldUser(n int) string   { return fmt.Sprintf("00000000-0000-4000-8000-0000000001%02d", n) }

// at is a time of a day that retention has left.
func (w *world) at(a act) time.Time {
	day := max(a.Day, w.days)
	return worldBegin.AddDate(0, 0, day).Add(time.Duration(a.Content) * 2 * time.Hour)
}

// saveCall stores a call, new or changed, on whatever day it was before. Writers have
// calls of their own, so that none waits for the other.
func (w *world) saveCall(writer *pgx.Conn, a act) {
	tenant, id := worldTenant(a.Tenant), fmt.Sprint(a.Writer, a.Row)
	w.noteCall(writer, tenant, id)
	w.exec(writer, `
		INSERT INTO teams.pstn_calls (tenant_id, id, updated_at, run_id, row_hash, start_at, end_at, duration_s,
			call_type, user_id, charge, currency)
		VALUES ($1, $2, now(), 1, 1, $3, $3, $4::int, 'user_out', $5, $4::int / 7.0, 'EUR')
		ON CONFLICT (tenant_id, id) DO UPDATE
		SET start_at = excluded.start_at, end_at = excluded.end_at, duration_s = excluded.duration_s,
			charge = excluded.charge, change_xid = excluded.change_xid`,
		tenant, id, w.at(a), a.Content, worldUser(a.Row))
	w.noteCall(writer, tenant, id)
}

func (w *world) deleteCall(writer *pgx.Conn, a act) {
	tenant, id := worldTenant(a.Tenant), fmt.Sprint(a.Writer, a.Row)
	w.noteCall(writer, tenant, id)
	w.exec(writer, `DELETE FROM teams.pstn_calls WHERE tenant_id = $1 AND id = $2`, tenant, id)
}

// noteCall notes the hour of a call for the rollups, as it is now.
func (w *world) noteCall(writer *pgx.Conn, tenant, id string) {
	w.exec(writer, `
		SELECT rollup.note(tenant_id, 'pstn_calls', start_at, start_at)
		FROM teams.pstn_calls WHERE tenant_id = $1 AND id = $2`, tenant, id)
}

// saveRecord stores a call record with a session.
func (w *world) saveRecord(writer *pgx.Conn, a act) {
	tenant, id := worldTenant(a.Tenant), fmt.Sprintf("00000000-0000-4000-8000-0000000%d%04d", a.Writer, a.Row)
	note := func() {
		w.exec(writer, `
			SELECT rollup.note(tenant_id, 'call_records', start_at, start_at)
			FROM teams.call_records WHERE tenant_id = $1 AND id = $2`, tenant, id)
	}
	note()
	w.exec(writer, `
		INSERT INTO teams.call_records (tenant_id, id, version, details_version, updated_at, run_id, row_hash, type,
			start_at, end_at, last_modified_at)
		VALUES ($1, $2, 1, 1, now(), 1, 1, 'groupCall', $3, $3, $3)
		ON CONFLICT (tenant_id, id) DO UPDATE
		SET start_at = excluded.start_at, end_at = excluded.end_at, change_xid = excluded.change_xid`,
		tenant, id, w.at(a))
	w.exec(writer, `
		INSERT INTO teams.sessions (tenant_id, call_id, session_index, start_at, modalities)
		VALUES ($1, $2, 0, $3, '{audio}')
		ON CONFLICT (tenant_id, call_id, session_index) DO UPDATE SET start_at = excluded.start_at`,
		tenant, id, w.at(a))
	note()
}

// prune deletes one more day, as retention does, and remembers what was shown of it.
func (w *world) prune() {
	w.days++
	before := worldBegin.AddDate(0, 0, w.days)
	for view, time := range map[string]string{"telephony_calls": "attempt_at", "calls": "start_at"} {
		gone := sourceRows(w.test, w.conn, view, fmt.Sprintf("WHERE %s < '%s'", time, before.Format(time_)))
		w.rows[view] = append(slices.Clone(w.rows[view]), gone...)
	}
	w.exec(w.conn, `BEGIN`)
	w.exec(w.conn, `
		INSERT INTO ingest.tombstones (tenant_id, table_name, key, op)
		SELECT tenant_id, 'pstn_calls', jsonb_build_object('tenant_id', tenant_id, 'id', id), 'expire'
		FROM teams.pstn_calls WHERE start_at < $1`, before)
	w.exec(w.conn, `DELETE FROM teams.pstn_calls WHERE start_at < $1`, before)
	w.exec(w.conn, `
		DELETE FROM teams.sessions s
		USING teams.call_records c
		WHERE c.tenant_id = s.tenant_id AND c.id = s.call_id AND c.start_at < $1`, before)
	w.exec(w.conn, `DELETE FROM teams.call_records WHERE start_at < $1`, before)
	w.exec(w.conn, `
		INSERT INTO rollup.frozen (tenant_id, source, before)
		SELECT tenant_id, endpoint, $1 FROM ingest.endpoints
		ON CONFLICT (tenant_id, source) DO UPDATE SET before = excluded.before`, before)
	w.exec(w.conn, `COMMIT`)
}

const time_ = "2006-01-02Z07:00"

// sourceRows are the rows that a view shows, each as one text.
func sourceRows(t *testing.T, conn *pgx.Conn, view, where string) []string {
	t.Helper()
	relations, err := catalog.Read(t.Context(), conn, "analytics")
	if err != nil {
		t.Fatal(err)
	}
	r := relations[slices.IndexFunc(relations, func(r catalog.Relation) bool { return r.Name == view })]
	var columns []string
	for _, c := range r.Columns {
		name, text := pgx.Identifier{c.Name}.Sanitize(), "%s::text"
		switch c.Type {
		case "timestamp with time zone", "timestamp without time zone":
			text = "(extract(epoch FROM %s) * 1000000)::bigint::text"
		case "date":
			text = "(%s - date '1970-01-01')::text"
		case "numeric":
			text = "round(%s, 9)::text"
		}
		columns = append(columns, "coalesce("+fmt.Sprintf(text, name)+", '-')")
	}
	rows, err := conn.Query(t.Context(), fmt.Sprintf(`SELECT concat_ws('|', %s) FROM analytics.%s %s`,
		strings.Join(columns, ", "), view, where))
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// copiedRows are the rows in the files of a view, each as one text, sorted.
func copiedRows(t *testing.T, folder, view string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(folder, view), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".parquet") {
			for _, row := range values(t, path) {
				var words []string
				for _, value := range row {
					words = append(words, asText(value))
				}
				all = append(all, strings.Join(words, "|"))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func asText(value any) string {
	switch v := value.(type) {
	case nil:
		return "-"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}
