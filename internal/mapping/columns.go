package mapping

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// column writes a column that holds one member.
func (b *Batch) column(f *frame, p *plan, v Value) (stored bool) {
	r := &b.rows[f.table]
	if v.blank() {
		r.null()
		return false
	}
	value, err := r.value(p, v)
	switch err {
	case errNull:
		return false
	case errMisfit:
		b.misfit(f, p, v)
		return false
	}
	b.note(f, p, v, value, err)
	return true
}

// note adds to the hash what a column now says of a member. Where that is not all there is to say, the member is kept
// besides, and counts as kept.
func (b *Batch) note(f *frame, p *plan, v Value, value []byte, err error) {
	if err == errInexact {
		b.keep([]byte(p.name), v, p.path(f))
		return
	}
	b.enc.sanitized = b.enc.sanitized || err == errSanitized
	b.enc.hash += p.typ.hash(p.path(f), v, value)
}

// null writes NULL.
func (r *rows) null() { r.data = append(r.data, null...) }

// value writes one field of the plan's type, or NULL, and returns what it wrote.
func (r *rows) value(p *plan, v Value) ([]byte, error) {
	return r.field(func(dst []byte) ([]byte, error) { return p.typ.append(dst, v) })
}

// field writes one field with the bytes that write adds, or NULL, and returns those bytes.
func (r *rows) field(write func(dst []byte) ([]byte, error)) ([]byte, error) {
	start := len(r.data)
	out, err := write(append(r.data, null...))
	if err == errMisfit || err == errNull {
		r.data = append(r.data[:start], null...)
		return nil, err
	}
	binary.BigEndian.PutUint32(out[start:], uint32(len(out)-start-4))
	r.data = out
	return out[start+4:], err
}

// derived writes a column that adds nothing to what is kept of its object.
func (b *Batch) derived(f *frame, p *plan) {
	var value []byte
	if !f.object.absent() {
		value = p.derived(f)
	}
	r := &b.rows[f.table]
	r.data = AppendField(r.data, value)
	if value != nil {
		b.enc.hash += p.path(f).hashText(value)
	}
}

func (p *plan) derived(f *frame) []byte {
	stored := f.values[p.stored]
	text, _ := stored.Text()
	if stored == (Value{}) {
		text = p.derive(f.object)
	}
	switch text := []byte(text); {
	case len(text) == 0:
		return nil
	case p.typ.OID == Text.OID:
		return text
	default:
		id, _ := appendUUID(nil, text) // nil unless it is one
		return id
	}
}

// in writes the columns of a nested object. One that leaves no trace in a column is kept as {}, because it was served.
func (b *Batch) in(f *frame, p *plan, v Value) (stored bool, err error) {
	served := !v.absent()
	if served && v.Kind() != '{' {
		b.misfit(f, p, v)
		v, served = Value{}, false
	}
	inner := b.enc.enter(p.inner, v, f.table, p.path(f))
	defer b.enc.leave()
	start := b.enc.open(p.name)
	stored, err = b.members(inner, p.inner.plans)
	b.enc.close(start, served && !stored)
	return stored, err
}

// oneOf writes the columns of the one object among the members without a declaration.
func (b *Batch) oneOf(f *frame, p *plan) (stored bool, err error) {
	chosen := f.takeObject()
	r := &b.rows[f.table]
	r.data = AppendField(r.data, chosen.name)
	inner := b.enc.enter(p.inner, chosen.value, f.table, f.path.member(chosen.name))
	defer b.enc.leave()
	start := b.enc.open(string(chosen.name))
	_, err = b.members(inner, p.inner.plans)
	b.enc.close(start, false) // its name has a column
	return chosen.name != nil, err
}

// takeObject removes the one object from the members without a declaration and returns it, or none if there is not
// exactly one.
func (f *frame) takeObject() (chosen other) {
	found := -1
	for i, o := range f.others {
		if o.value.Kind() != '{' {
			continue
		}
		if found >= 0 {
			return other{}
		}
		found = i
	}
	if found < 0 {
		return other{}
	}
	chosen = f.others[found]
	f.others = append(f.others[:found], f.others[found+1:]...)
	return chosen
}

// list writes a text[] column. The array is kept whole besides if it holds more than the column can say, and instead if
// it holds something else.
func (b *Batch) list(f *frame, p *plan, v Value) (stored bool) {
	r := &b.rows[f.table]
	if v.blank() {
		r.null()
		return false
	}
	extra := 0
	value, err := r.field(func(dst []byte) ([]byte, error) {
		var err error
		dst, extra, err = appendList(dst, v, p.names)
		return dst, err
	})
	for range extra {
		b.metUnknown(f.table, []byte(p.name))
	}
	if err == errMisfit {
		b.misfit(f, p, v)
		return false
	}
	b.enc.sanitized = b.enc.sanitized || err == errSanitized
	if extra > 0 {
		b.keep([]byte(p.name), v, p.path(f))
	} else {
		b.enc.hash += hashList(p.path(f), value, p.names)
	}
	return true
}

// seed returns what a plan adds to the path of its object. A derived column has no name in the document; its seed is
// told apart from those of members.
func (m *Member) seed() uint64 {
	if m.word == wordDerived {
		return ^xxhash.Sum64String(m.column)
	}
	return xxhash.Sum64String(m.name)
}
