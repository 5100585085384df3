package mapping

import (
	"encoding/binary"
	"fmt"
	"math"
)

// side writes the row of one side if any of its members was served.
func (b *Batch) side(f *frame, p *plan) (stored bool, err error) {
	served := false
	for _, m := range p.inner.plans {
		served = served || m.place >= 0 && !f.values[m.place].absent()
	}
	if !served {
		return false, nil
	}
	b.beginChild(p.table, b.rows[f.table].openKey(), []byte(p.side))
	side := *f
	side.table, side.others = p.table, nil // the others belong to the row above
	return true, b.finish(&side, p.inner.plans)
}

// openKey returns the encoded key of the row being written.
func (r *rows) openKey() []byte { return r.data[r.start(len(r.ends)):r.key] }

// beginChild starts a child row with the key of the row above and its own last key column.
func (b *Batch) beginChild(table int, above, own []byte) {
	r := &b.rows[table]
	r.data = append(r.data, above...)
	r.data = AppendField(r.data, own)
	r.key = len(r.data)
}

// children writes a row for each object of an array. An array that is empty, or holds anything but objects, is kept as
// it is.
func (b *Batch) children(f *frame, p *plan, v Value) (stored bool, err error) {
	if v.absent() {
		return false, nil
	}
	if n, objects := count(v); n == 0 || n != objects {
		b.keepArray(f, p, v, n)
		return true, nil
	}
	at, ordinal := p.path(f), 0
	b.enc.hash += at.hash('[')
	for element := range v.Elements() {
		if err := b.child(p, b.rows[f.table].openKey(), element, ordinal, at); err != nil {
			return false, err
		}
		ordinal++
	}
	return true, nil
}

// count counts the elements of an array and the objects among them.
func count(array Value) (elements, objects int) {
	for element := range array.Elements() {
		elements++
		if element.Kind() == '{' {
			objects++
		}
	}
	return elements, objects
}

func (b *Batch) keepArray(f *frame, p *plan, v Value, elements int) {
	if f.table == 0 {
		b.kept = append(b.kept, p)
	}
	if elements == 0 && v.Kind() == '[' {
		b.keep([]byte(p.name), v, p.path(f))
		return
	}
	b.misfit(f, p, v)
}

// child writes the row of one object of an array.
func (b *Batch) child(p *plan, above []byte, element Value, ordinal int, array path) error {
	if ordinal > math.MaxInt32 {
		return fmt.Errorf("more than %d %s", math.MaxInt32+1, p.name)
	}
	b.beginChild(p.table, above, binary.BigEndian.AppendUint32(nil, uint32(ordinal)))
	return b.row(p.table, p.inner, element, array.element(ordinal))
}
