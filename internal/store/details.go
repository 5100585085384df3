package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// tree are the SQL by which an element is stored whole.
type tree struct {
	claim    string   // the root's update, which takes the columns as parameters
	types    []uint32 // of those parameters
	sessions int      // the table whose rows the root counts
	clear    string   // deletes all child rows
	copyIn   []string // for each child table
	done     string
}

func newTree(m *mapping.Model) tree {
	t := tree{
		sessions: slices.IndexFunc(m.Tables, func(t *mapping.Layout) bool { return t.Name == "sessions" }),
		done: `
		WITH noted AS (
			INSERT INTO teams.call_record_versions (tenant_id, call_id, version, last_modified_at, seen_at)
			SELECT tenant_id, id, details_version, last_modified_at, updated_at FROM teams.call_records WHERE tenant_id = $1 AND id = $2
			ON CONFLICT DO NOTHING
		)
		DELETE FROM ingest.details_retries WHERE tenant_id = $1 AND call_id = $2`,
	}
	t.claimBy(m.Tables[0])
	var gone []string
	for i, table := range m.Tables[1:] {
		gone = append(gone, fmt.Sprintf("t%d AS (DELETE FROM teams.%s WHERE tenant_id = $1 AND call_id = $2)", i, table.Name))
		t.copyIn = append(t.copyIn, fmt.Sprintf(`COPY teams.%s (tenant_id, %s) FROM STDIN (FORMAT binary)`, table.Name, strings.Join(table.ColumnNames(), ", ")))
	}
	t.clear = "WITH " + strings.Join(gone, ", ") + " SELECT"
	return t
}

// claimBy makes the update of the root's table.
func (t *tree) claimBy(root *mapping.Layout) {
	own := metadata(false)
	t.types = []uint32{uuidOID, timestamptzOID, int8OID, int8OID} // of own
	for _, c := range root.Columns {
		t.types = append(t.types, c.Type.OID)
	}
	t.types = append(t.types, int4OID) // of session_count
	var set []string
	var id, version int
	for i, name := range slices.Concat(own, root.ColumnNames()) {
		switch n := i + 1; name {
		case "tenant_id":
		case "id":
			id = n
		case "version":
			version = n
			set = append(set, fmt.Sprintf("version = greatest(version, $%d), details_version = $%[1]d", n))
		default:
			set = append(set, fmt.Sprintf("%s = $%d", name, n))
		}
	}
	t.claim = fmt.Sprintf(`
		UPDATE teams.%s SET %s, session_count = $%d, details_at = now(), change_xid = pg_current_xact_id()
		WHERE tenant_id = $1 AND id = $%d AND (details_version IS NULL OR details_version < $%d)`,
		root.Name, strings.Join(set, ", "), len(t.types), id, version)
}

// Numbers of types (pg_type.dat).
const (
	int8OID        = 20
	int4OID        = 23
	timestamptzOID = 1184
	uuidOID        = 2950
)

// ErrNewer tells that an element is stored whole already, at the version given
// or a higher one.
var ErrNewer = errors.New("a version as high is stored")

// SaveDetails stores the one element of a batch whole, header and all child rows
// of one version, in one transaction. The element must have been announced. The
// root's guarded update comes first: it locks out other writers, and an older
// version ends there. Saving the same again is ErrNewer, so a COMMIT whose
// answer was lost is simply repeated.
//
// What the database refuses is kept raw as a reject; the error is poison.
func (db *DB) SaveDetails(ctx context.Context, run *Run, batch *mapping.Batch) error {
	err := db.retry(ctx, "save details of "+run.Endpoint, saveTimeout, func(ctx context.Context, tx pgx.Tx) error {
		return saveDetails(ctx, tx, run, batch)
	})
	if !isPoison(err) {
		return err
	}
	e := batch.Elements[0]
	reject := mapping.Reject{Raw: e.Raw, Reason: err.Error(), Key: e.Key, At: e.At}
	kept := db.retry(ctx, "keep a reject of "+run.Endpoint, noteTimeout, func(ctx context.Context, tx pgx.Tx) error {
		return putRejects(ctx, tx, run, []mapping.Reject{reject})
	})
	return errors.Join(err, kept)
}

func saveDetails(ctx context.Context, tx pgx.Tx, run *Run, batch *mapping.Batch) error {
	id, err := run.claimRoot(ctx, tx, batch)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, run.whole.clear, run.Tenant, id); err != nil {
		return err
	}
	for i, copyIn := range run.whole.copyIn {
		rows := run.encodeChildren(batch, i+1)
		if rows == nil {
			continue
		}
		if _, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(rows), copyIn); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, run.whole.done, run.Tenant, id); err != nil {
		return err
	}
	if err := putRejects(ctx, tx, run, batch.Rejects); err != nil || len(batch.Rejects) > 0 {
		return err
	}
	return run.resolveRejects(ctx, tx, run.keyText(batch.Elements[0].Key))
}

// claimRoot updates the root unless a version as high is stored whole.
func (run *Run) claimRoot(ctx context.Context, tx pgx.Tx, batch *mapping.Batch) (id [16]byte, err error) {
	e := batch.Elements[0]
	values := [][]byte{run.Tenant[:], mapping.AppendTime(nil, e.At), appendInt8(nil, run.ID), appendInt8(nil, e.Hash)}
	for row := range batch.Rows(0, 0) {
		values = slices.AppendSeq(values, mapping.Fields(row))
	}
	copy(id[:], values[len(metadata(false))])
	sessions := 0
	for range batch.Rows(0, run.whole.sessions) {
		sessions++
	}
	values = append(values, binary.BigEndian.AppendUint32(nil, uint32(sessions)))
	binaries := []int16{pgx.BinaryFormatCode}
	tag, err := tx.Conn().PgConn().ExecParams(ctx, run.whole.claim, values, run.whole.types, binaries, binaries).Close()
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNewer
	}
	return id, err
}
