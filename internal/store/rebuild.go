package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// Rebuild returns the JSON document that the rows of one element came from, as
// of one moment. key is the text of its key; ErrUnknown says that there is
// none.
func (db *DB) Rebuild(ctx context.Context, m *mapping.Model, tenant uuid.UUID, key string) ([]byte, error) {
	var document []byte
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := db.again(ctx, "read a document", saveTimeout, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, db.pool, snapshot, func(tx pgx.Tx) (err error) {
			document, err = rebuild(ctx, tx, m, tenant, key)
			return err
		})
	})
	return document, err
}

func rebuild(ctx context.Context, tx pgx.Tx, m *mapping.Model, tenant uuid.UUID, key string) ([]byte, error) {
	rows := make([][]mapping.Row, len(m.Tables))
	for i, t := range m.Tables {
		var err error
		if rows[i], err = rowsOf(ctx, tx, t, tenant, key); err != nil {
			return nil, err
		}
	}
	if len(rows[0]) == 0 {
		return nil, ErrUnknown
	}
	return m.Rebuild(rows)
}

func rowsOf(ctx context.Context, tx pgx.Tx, t *mapping.Layout, tenant uuid.UUID, key string) ([]mapping.Row, error) {
	query := fmt.Sprintf(`SELECT %s FROM teams.%s WHERE tenant_id = $1 AND %s = $2::text::%s`,
		asServed(t.Name, t.ColumnNames()), t.Name, t.Columns[0].Name, t.Columns[0].Type.Name)
	return readRows(ctx, tx, query, tenant, key)
}

// asServed lists columns with what one answer said. A call record's content is that of the details stored, whatever
// newer version is known of.
func asServed(table string, columns []string) string {
	columns = slices.Clone(columns)
	if i := slices.Index(columns, "version"); i >= 0 && table == "call_records" {
		columns[i] = "coalesce(details_version, version) AS version"
	}
	return columnList(columns)
}

// readRows reads rows in PostgreSQL's binary form.
func readRows(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]mapping.Row, error) {
	// Some of the modes that a URL may ask for answer in text.
	inBinary := pgx.QueryResultFormats{pgx.BinaryFormatCode}
	rows, err := tx.Query(ctx, query, append([]any{pgx.QueryExecModeDescribeExec, inBinary}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (mapping.Row, error) {
		var values mapping.Row
		for _, raw := range row.RawValues() {
			values = append(values, append([]byte(nil), raw...))
			if raw != nil && len(raw) == 0 {
				values[len(values)-1] = []byte{}
			}
		}
		return values, nil
	})
}
