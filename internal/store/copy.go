package store

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5"
)

// copyRows sends rows by a COPY in its binary format. appendRows appends the rows
// of one of count elements; a row is its number of fields in two bytes, and the
// fields. What is sent is encoded as it is needed, so that it is not held twice.
// It returns how many rows the database has taken.
func copyRows(
	ctx context.Context, tx pgx.Tx, copyIn string, count int, appendRows func(dst []byte, element int) []byte,
) (taken int64, err error) {
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, &copyReader{count: count, appendRows: appendRows}, copyIn)
	return tag.RowsAffected(), err
}

// COPY's binary format is a header, the rows and an end mark (PostgreSQL manual,
// COPY).
const (
	copyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	copyEnd    = "\xff\xff"
)

// copyChunk is the least that is encoded at a time; pgx sends as much at once.
const copyChunk = 64 << 10

type copyReader struct {
	count      int
	appendRows func(dst []byte, element int) []byte

	chunk []byte
	read  int // of the chunk
	next  int // element to encode
	begun bool
	ended bool
}

func (r *copyReader) Read(p []byte) (int, error) {
	if r.read == len(r.chunk) {
		if r.ended {
			return 0, io.EOF
		}
		r.fill()
	}
	n := copy(p, r.chunk[r.read:])
	r.read += n
	return n, nil
}

// fill encodes the next chunk.
func (r *copyReader) fill() {
	r.chunk, r.read = r.chunk[:0], 0
	if !r.begun {
		r.chunk, r.begun = append(r.chunk, copyHeader...), true
	}
	for ; r.next < r.count && len(r.chunk) < copyChunk; r.next++ {
		r.chunk = r.appendRows(r.chunk, r.next)
	}
	if r.next == r.count {
		r.chunk, r.ended = append(r.chunk, copyEnd...), true
	}
}

// beginRow appends the number of fields of a row.
func beginRow(dst []byte, fields int) []byte { return append(dst, byte(fields>>8), byte(fields)) }

func appendInt8(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}
