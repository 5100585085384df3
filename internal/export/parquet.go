package export

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
	"github.com/parquet-go/parquet-go"

	"ingestd/internal/catalog"
)

// How much of a file is held in memory: the rows of a group, and the values of a
// column that are not yet encoded.
const (
	groupRows  = 50_000
	pageBytes  = 64 << 10
	dictionary = 1 << 20
)

// contents say what is in a file.
type contents struct {
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"`         // the same rows, in whatever order, have the same
	Open   bool   `json:"open,omitempty"` // some of its rows are not final
	nulled int64  // values that Parquet cannot hold
}

// noRows is the digest of no row. An empty one is not known.
const noRows = "0000000000000000"

// equal reports whether a file with other contents would hold the same rows.
func (c contents) equal(other contents) bool { return c.Rows == other.Rows && c.Digest == other.Digest }

// writeParquet writes rows of a view as one file.
func writeParquet(w io.Writer, view catalog.Relation, rows pgx.Rows) (contents, error) {
	defer rows.Close()
	schema := schemaOf(view)
	ofSchema := xxhash.Sum64String(schema.String())
	out := parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Snappy),
		parquet.MaxRowsPerRowGroup(groupRows), parquet.PageBufferSize(pageBytes),
		parquet.DictionaryMaxBytes(dictionary), parquet.CreatedBy("ingestd", "1", ""))
	var c contents
	var sum uint64
	final := slices.IndexFunc(view.Columns, func(c catalog.Column) bool { return c.Name == "is_final" })
	row := make(parquet.Row, len(view.Columns))
	for hash := xxhash.New(); rows.Next(); c.Rows++ {
		raw := rows.RawValues()
		for i, column := range view.Columns {
			value := parquet.NullValue()
			if raw[i] != nil {
				value = kindOf(column).of(raw[i])
				if value.IsNull() {
					c.nulled++
				}
			}
			row[i] = value.Level(0, level(value), i)
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return c, err
		}
		sum += ofSchema + digestOf(hash, raw)
		c.Open = c.Open || final >= 0 && raw[final] != nil && raw[final][0] == 0
	}
	c.Digest = fmt.Sprintf("%016x", sum)
	if err := rows.Err(); err != nil {
		return c, err
	}
	return c, out.Close()
}

// level is the definition level of a value that may be null.
func level(v parquet.Value) int {
	if v.IsNull() {
		return 0
	}
	return 1
}

// digestOf is a hash of a row. Those of all rows are added up, so that their order
// does not matter.
func digestOf(hash *xxhash.Digest, raw [][]byte) uint64 {
	hash.Reset()
	var length [4]byte
	for _, value := range raw {
		n := len(value)
		if value == nil {
			n = -1
		}
		binary.BigEndian.PutUint32(length[:], uint32(n))
		_, _ = hash.Write(length[:]) // it never fails
		_, _ = hash.Write(value)
	}
	return hash.Sum64()
}
