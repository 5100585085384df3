package fetch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store/storetest"
)

// callRecordColumns are the columns that are none of the mapping's.
const callRecordColumns = `{tenant_id,ingested_at,updated_at,run_id,row_hash,change_xid,session_count,expanded_version,expanded_at,pending}`

// The tables have the mapping's columns with its types, and its key for a
// primary key.
func TestCallRecordsFitTheTables(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	for _, layout := range callRecordRows.Tables {
		want := []string{}
		for _, c := range layout.Columns {
			want = append(want, c.Name+" "+c.Type.Name)
		}
		query, err := conn.Query(t.Context(), `SELECT column_name || ' ' || data_type FROM information_schema.columns
			WHERE table_schema = 'teams' AND table_name = $1 AND column_name <> ALL ($2)`, layout.Name, callRecordColumns)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(query, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-mapping +table):\n%s", layout.Name, diff)
		}
		primary := storetest.Query[string](t, conn, `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid = ('teams.' || $1)::regclass`, layout.Name)
		if want := fmt.Sprintf("PRIMARY KEY (tenant_id, %s)", strings.Join(layout.ColumnNames()[:layout.Key], ", ")); primary != want {
			t.Errorf("%s has %s, want %s", layout.Name, primary, want)
		}
	}
}

// What PostgreSQL has stored is what was served.
func TestCallRecordRoundTripThroughTheTables(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	b, generator := callRecordRows.NewBatch(), mappingtest.CallRecord(properties(t))
	for _, document := range ownCallRecords(t) {
		b.Append(parse(t, document), time.Unix(0, 0))
	}
	for i := range 60 {
		b.Append(parse(t, []byte(generator.Example(i))), time.Unix(0, 0))
	}
	ownTenant := uuid.MustParse(tenant)
	for table := range callRecordRows.Tables {
		copyRows(t, conn, b, table, ownTenant)
	}
	for i, element := range b.Elements {
		id := uuid.UUID(b.Field(i, 0))
		rebuilt, err := db.Rebuild(t.Context(), callRecordRows, ownTenant, id.String())
		if err != nil {
			t.Fatal(err)
		}
		mappingtest.Same(t, element.Raw, rebuilt)
	}
	if len(b.Elements) != 60+len(ownCallRecords(t)) {
		t.Errorf("only %d records were stored", len(b.Elements))
	}
}

// copyRows copies a batch's rows of one table, in COPY's binary format.
func copyRows(t *testing.T, conn *pgx.Conn, b *mapping.Batch, table int, tenantID uuid.UUID) {
	t.Helper()
	layout := b.Model.Tables[table]
	own := []string{"tenant_id"}
	if table == 0 {
		own = append(own, "updated_at", "run_id", "row_hash")
	}
	names := append(own, layout.ColumnNames()...)
	data := append([]byte("PGCOPY\n\xff\r\n\x00"), make([]byte, 8)...)
	for element := range b.Elements {
		for row := range b.Rows(element, table) {
			data = binary.BigEndian.AppendUint16(data, uint16(len(names)))
			data = mapping.AppendField(data, tenantID[:])
			for range own[1:] {
				data = mapping.AppendField(data, make([]byte, 8))
			}
			data = append(data, row...)
		}
	}
	sql := fmt.Sprintf(`COPY teams.%s (%s) FROM STDIN (FORMAT binary)`, layout.Name, strings.Join(names, ", "))
	if _, err := conn.PgConn().CopyFrom(t.Context(), bytes.NewReader(append(data, 0xff, 0xff)), sql); err != nil {
		t.Fatalf("%s: %v", layout.Name, err)
	}
}
