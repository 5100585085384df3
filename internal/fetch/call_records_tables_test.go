package fetch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store/storetest"
)

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
	b.Append(parse(t, largeMeeting), time.Unix(0, 0))
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
	if len(b.Elements) != 60+len(ownCallRecords(t))+1 {
		t.Errorf("only %d records were stored", len(b.Elements))
	}
}

// largeMeeting has more sessions and participants than 16 bits can number.
var largeMeeting = fmt.Appendf(
	nil,
	`{"id": "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01", "version": 1, "sessions": [{"isTest": true}%[1]s],
	"participants_v2": [{"id": "first"}%[1]s]}`,
	strings.Repeat(`, {}`, 1<<15),
)

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
