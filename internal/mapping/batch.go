package mapping

import (
	"encoding/binary"
	"time"
)

// A Batch collects the rows of many elements, encoded for COPY, and the elements that need to be kept raw. It refers to
// the texts that elements and their pages came from, and so holds them, until it is reset.
type Batch struct {
	Model *Model
	// Eraser and then Redactor change what is appended; nil: it stays as it is. What is called served below is what
	// they made.
	Eraser   *Eraser
	Redactor *Redactor
	Aged     *Aged // in place of Redactor for old elements; nil: for none
	Elements []Element
	Rejects  []Reject
	// Misfits and Unknown count values that did not fit their column and members that have none.
	Misfits, Unknown int

	rows        []rows
	starts      []int  // per element and table: its first row
	firstReject []int  // per element: where the rejects it has become, marked stored, begin
	pages       []page // of the elements that were extended
	open        bool   // the last Append stored its element, which Extend may go on with
	strange     map[Strange]int
	kept        []*plan // the arrays of that element that were kept as they were, without rows
	enc         encoder
	redactor    *Redactor // of that element
	erased, doc Document  // what the eraser and the redactor made last
	redacted    int64     // bytes that they have made
	erasedKey   []byte    // of the element being erased, where it is not what its members say
}

// An Element is one element whose rows are in the batch.
type Element struct {
	// Key is the encoded key columns, each a length of 4 bytes and the value.
	Key string
	// Hash tells two contents of one key apart: it is over what the element's rows say; see hash.go.
	Hash int64
	// At is when Graph served the element.
	At time.Time
	// Raw is the element as served, without the pages it was extended by: for those see Batch.Raw.
	Raw []byte
}

// rows are the encoded rows of one table: each field a length of 4 bytes (-1 for NULL) and the value, without COPY's
// count of fields, so that the store can put columns of its own in front.
type rows struct {
	data []byte
	ends []int // of each row in data
	key  int   // where the key of the row being written ends
}

// start returns where a row begins, or will.
func (r *rows) start(row int) int {
	if row == 0 {
		return 0
	}
	return r.ends[row-1]
}

// truncate keeps the first rows only.
func (r *rows) truncate(count int) {
	r.data, r.ends = r.data[:r.start(count)], r.ends[:count]
}

// NewBatch returns an empty batch.
func (m *Model) NewBatch() *Batch {
	return &Batch{Model: m, rows: make([]rows, len(m.Tables))}
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	clear(b.Elements)
	clear(b.Rejects)
	clear(b.pages)
	b.Elements, b.Rejects, b.pages = b.Elements[:0], b.Rejects[:0], b.pages[:0]
	b.starts, b.firstReject, b.kept = b.starts[:0], b.firstReject[:0], b.kept[:0]
	b.Misfits, b.Unknown, b.strange, b.open, b.redacted = 0, 0, nil, false, 0
	for i := range b.rows {
		b.rows[i].truncate(0)
	}
}

// Held returns how many bytes the encoded rows take, and what eraser and redactor made; without the texts that they
// came from.
func (b *Batch) Held() int64 {
	const perEnd = 8
	held := 0
	for i := range b.rows {
		held += cap(b.rows[i].data) + perEnd*cap(b.rows[i].ends)
	}
	return int64(held) + b.redacted
}

// Append encodes one element that Graph served at the given time. An element that cannot be stored becomes a reject;
// one that can only be stored with characters replaced is stored and becomes a reject marked so.
func (b *Batch) Append(v Value, at time.Time) {
	b.redactor = b.redactorOf(v)
	root := func(root *redaction) *redaction { return root }
	v = b.allowed(v, root, (*Batch).eraseElement, (*Batch).redactElement)
	for _, r := range b.rows {
		b.starts = append(b.starts, len(r.ends))
	}
	b.kept = b.kept[:0]
	loss, err := b.encode(v)
	b.open = err == nil
	if err != nil {
		b.drop()
		b.Rejects = append(b.Rejects, Reject{Raw: v.Raw(), Reason: err.Error(), At: at})
		return
	}
	e := Element{Key: b.key(), Hash: int64(b.enc.hash), At: at, Raw: v.Raw()}
	b.Elements = append(b.Elements, e)
	b.firstReject = append(b.firstReject, len(b.Rejects))
	if loss != "" {
		b.Rejects = append(b.Rejects, e.stored(v.Raw(), loss))
	}
}

// drop takes back what the element written last has written.
func (b *Batch) drop() {
	first := b.starts[len(b.starts)-len(b.rows):]
	for i := range b.rows {
		b.rows[i].truncate(first[i])
	}
	b.starts = b.starts[:len(b.starts)-len(b.rows)]
}

// key returns the encoded key of the element just written.
func (b *Batch) key() string {
	root := &b.rows[0]
	return string(root.data[root.start(len(root.ends)-1):root.key])
}

// Rows ranges over the encoded rows that an element has in a table.
func (b *Batch) Rows(element, table int) func(yield func([]byte) bool) {
	r := &b.rows[table]
	width := len(b.rows)
	first, last := b.starts[element*width+table], len(r.ends)
	if next := (element+1)*width + table; next < len(b.starts) {
		last = b.starts[next]
	}
	return func(yield func([]byte) bool) {
		for i := first; i < last; i++ {
			if !yield(r.data[r.start(i):r.ends[i]]) {
				return
			}
		}
	}
}

// Field returns the value of a column of an element's own row, by the column's place, in PostgreSQL's binary form; nil
// for NULL. It is valid until the batch is appended to.
func (b *Batch) Field(element, column int) []byte {
	n := 0
	for row := range b.Rows(element, 0) {
		for field := range Fields(row) {
			if n == column {
				return field
			}
			n++
		}
	}
	return nil
}

// Time returns a Timestamp column of an element's own row, by the column's place; ok is false where it is NULL.
func (b *Batch) Time(element, column int) (at time.Time, ok bool) {
	field := b.Field(element, column)
	if field == nil {
		return time.Time{}, false
	}
	return timeOf(field), true
}

// timeOf is the time of a Timestamp column.
func timeOf(field []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(field)) + postgresEpoch).UTC()
}

// Fields ranges over the values of encoded fields, nil for NULL.
func Fields(encoded []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(encoded) > 0 {
			var field []byte
			field, encoded = nextField(encoded)
			if !yield(field) {
				return
			}
		}
	}
}

func nextField(encoded []byte) (field, rest []byte) {
	n := int32(binary.BigEndian.Uint32(encoded))
	if n < 0 {
		return nil, encoded[4:]
	}
	return encoded[4 : 4+n : 4+n], encoded[4+n:]
}

var null = []byte{0xff, 0xff, 0xff, 0xff}

// AppendField adds a field of a row: its length and its value.
func AppendField(dst, value []byte) []byte {
	if value == nil {
		return append(dst, null...)
	}
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(value))), value...)
}
