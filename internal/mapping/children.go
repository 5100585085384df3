package mapping

import (
	"encoding/binary"
	"fmt"
	"math"
)

// side writes the row of one side if any of its members was served.
func (b *Batch) side(parent int, p *plan, s scope) (stored bool, err error) {
	served := false
	for _, m := range p.inner.plans {
		served = served || m.slot >= 0 && !b.enc.slots[s.slots+m.slot].absent()
	}
	if !served {
		return false, nil
	}
	s.others = len(b.enc.others) // the others belong to the row above
	b.beginChild(p.table, b.rows[parent].openKey(), []byte(p.side))
	return true, b.finish(p.table, func() (bool, error) {
		return b.members(p.table, p.inner.plans, s)
	})
}

// openKey returns the encoded key of the row being written.
func (r *rows) openKey() []byte { return r.data[r.start(len(r.ends)):r.key] }

// beginChild starts a child row with the key of the row above and its own
// last key column.
func (b *Batch) beginChild(table int, above, own []byte) {
	r := &b.rows[table]
	r.data = append(r.data, above...)
	r.data = AppendField(r.data, own)
	r.key = len(r.data)
}

// children writes a row for each object of an array. An array that is empty,
// or holds anything but objects, is kept as it is.
func (b *Batch) children(parent int, p *plan, v Value) (stored bool, err error) {
	if v.absent() {
		return false, nil
	}
	count, objects := 0, 0
	for element := range v.Elements() {
		count++
		if element.Kind() == '{' {
			objects++
		}
	}
	if v.Kind() != '[' || count != objects {
		b.Misfits++
	}
	if count == 0 || count != objects {
		b.keepName(p.name, v)
		return true, nil
	}
	ordinal := 0
	for element := range v.Elements() {
		if err := b.child(p, b.rows[parent].openKey(), element, ordinal); err != nil {
			return false, err
		}
		ordinal++
	}
	return true, nil
}

// child writes the row of one object of an array.
func (b *Batch) child(p *plan, above []byte, element Value, ordinal int) error {
	if ordinal > math.MaxInt32 {
		return fmt.Errorf("more than %d %s", math.MaxInt32+1, p.name)
	}
	b.beginChild(p.table, above, binary.BigEndian.AppendUint32(nil, uint32(ordinal)))
	return b.row(p.table, p.inner, element)
}
