package mapping

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// encoder is the working memory of one element's encoding. Objects nest, so
// each works on the end of these stacks.
type encoder struct {
	slots   []Value // values of declared members
	others  []other // members without a declaration
	unknown []byte  // the unknown_fields being written
	blemish bool
}

type other struct{ name, value Value }

// A scope is one object while its columns are written: the object, absent if
// none was served, and where its members begin in slots and others.
type scope struct {
	object        Value
	slots, others int
}

func (e *encoder) leave(s scope) { e.slots, e.others = e.slots[:s.slots], e.others[:s.others] }

// encode writes an element's rows. The error says why it cannot be stored, and
// blemish what could not be stored of it as served.
func (b *Batch) encode(v Value) (blemish string, err error) {
	if v.Kind() != '{' {
		return "", errors.New("not a JSON object")
	}
	b.enc.begin()
	if err := b.row(0, b.Model.root, v); err != nil {
		return "", err
	}
	return b.enc.blemishOf(v), nil
}

func (e *encoder) begin() {
	*e = encoder{e.slots[:0], e.others[:0], e.unknown[:0], false}
}

// blemishOf says what of the value just encoded is not stored as served.
func (e *encoder) blemishOf(v Value) string {
	switch {
	case e.blemish:
		return "text that PostgreSQL cannot store"
	case v.doc.lenient && hasDuplicate(v):
		return "member name twice"
	}
	return ""
}

// row writes one row from an object; the caller has written inherited keys.
func (b *Batch) row(table int, o *object, v Value) error {
	s := b.read(o, v)
	defer b.enc.leave(s)
	return b.finish(table, func() (bool, error) {
		return b.members(table, o.plans, s)
	})
}

// finish lets write fill a row's columns, then adds unknown_fields and ends
// the row.
func (b *Batch) finish(table int, write func() (bool, error)) error {
	e, start := &b.enc, len(b.enc.unknown)
	e.unknown = append(e.unknown, '{')
	if _, err := write(); err != nil {
		return err
	}
	r := &b.rows[table]
	if len(e.unknown) == start+1 {
		r.data = append(r.data, null...)
	} else {
		r.data = binary.BigEndian.AppendUint32(r.data, uint32(len(e.unknown)-start+2))
		r.data = append(append(append(r.data, 1), e.unknown[start:]...), '}')
	}
	e.unknown = e.unknown[:start]
	r.ends = append(r.ends, len(r.data))
	return nil
}

// read sorts an object's members into slots and others. The last of a name
// wins.
func (b *Batch) read(o *object, v Value) scope {
	e := &b.enc
	s := scope{v, len(e.slots), len(e.others)}
	for range o.slots {
		e.slots = append(e.slots, Value{})
	}
	if v.Kind() != '{' {
		return s
	}
	nodes := v.doc.nodes
	for i := v.i + 1; i < nodes[v.i].next; i = nodes[i+1].next {
		name, value := Value{v.doc, i}, Value{v.doc, i + 1}
		if slot, ok := o.slots[string(unescaped(name))]; ok {
			e.slots[s.slots+slot] = value
		} else if !value.absent() && !isAnnotation(name.Raw()) {
			e.others = append(e.others, other{name, value})
		}
	}
	return s
}

func unescaped(name Value) []byte {
	raw := name.Raw()
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	text, _ := appendText(nil, raw)
	return text
}

// members writes the columns and child rows of one object, then keeps what
// has no column. stored tells whether anything of the object is in a column.
func (b *Batch) members(table int, plans []plan, s scope) (stored bool, err error) {
	for i := range plans {
		ok, err := b.member(table, &plans[i], s)
		if err != nil {
			return false, err
		}
		stored = stored || ok
	}
	for _, o := range b.enc.others[s.others:] {
		b.Unknown++
		b.keep(o.name.Raw(), o.value)
	}
	b.enc.others = b.enc.others[:s.others]
	return stored, nil
}

func (b *Batch) member(table int, p *plan, s scope) (stored bool, err error) {
	var v Value
	if p.slot >= 0 {
		v = b.enc.slots[s.slots+p.slot]
	}
	switch p.word {
	case wordKey:
		return true, b.keyColumn(table, p, v, s.slots)
	case wordHashKey:
		return true, b.hashKey(table, p, s.slots)
	case wordCol:
		return b.column(table, p, v), nil
	case wordList:
		return b.list(table, p, v), nil
	case wordDerived:
		b.derived(table, p, s.object)
		return false, nil
	case wordIn:
		return b.in(table, p, v)
	case wordOneOf:
		return b.oneOf(table, p, s)
	case wordSide:
		return b.side(table, p, s)
	default:
		return b.children(table, p, v)
	}
}

// field writes one field with the bytes that write adds, or NULL.
func (b *Batch) field(table int, write func(dst []byte) ([]byte, error)) error {
	r := &b.rows[table]
	start := len(r.data)
	out, err := write(append(r.data, null...))
	if err == errMisfit || err == errNull {
		r.data = append(r.data[:start], null...)
		return err
	}
	binary.BigEndian.PutUint32(out[start:], uint32(len(out)-start-4))
	r.data = out
	return err
}

func (b *Batch) column(table int, p *plan, v Value) (stored bool) {
	if v.blank() {
		b.rows[table].data = append(b.rows[table].data, null...)
		return false
	}
	switch b.field(table, func(dst []byte) ([]byte, error) { return p.typ.append(dst, v) }) {
	case errNull:
		return false
	case errMisfit:
		b.Misfits++
		b.keepName(p.name, v)
		return false
	case errInexact:
		b.keepName(p.name, v)
	case errBlemish:
		b.enc.blemish = true
	}
	return true
}

// derived writes a column that adds nothing to what is kept of its object.
func (b *Batch) derived(table int, p *plan, object Value) {
	var value []byte
	if !object.absent() {
		value = p.derived(object)
	}
	b.rows[table].data = AppendField(b.rows[table].data, value)
}

func (p *plan) derived(object Value) []byte {
	switch text := []byte(p.derive(object)); {
	case len(text) == 0:
		return nil
	case p.typ.OID == Text.OID:
		return text
	default:
		id, _ := appendUUID(nil, text) // nil unless it is one
		return id
	}
}

// in writes the columns of a nested object. One that leaves no trace in a
// column is kept as {}, because it was served.
func (b *Batch) in(table int, p *plan, v Value) (stored bool, err error) {
	if !v.absent() && v.Kind() != '{' {
		b.Misfits++
		b.keepName(p.name, v)
		v = Value{}
	}
	s := b.read(p.inner, v)
	defer b.enc.leave(s)
	start := b.openMember(p.name)
	inside := len(b.enc.unknown)
	stored, err = b.members(table, p.inner.plans, s)
	b.closeMember(start, inside, stored || v.absent())
	return stored, err
}

// openMember begins an object in unknown_fields, and closeMember ends it or,
// where it is empty and need not show, takes it back.
func (b *Batch) openMember(name string) (start int) {
	e := &b.enc
	start = len(e.unknown)
	e.comma()
	e.unknown = append(quote(e.unknown, []byte(name)), ':', '{')
	return start
}

func (b *Batch) closeMember(start, inside int, hideEmpty bool) {
	e := &b.enc
	if len(e.unknown) == inside && hideEmpty {
		e.unknown = e.unknown[:start]
		return
	}
	e.unknown = append(e.unknown, '}')
}

// comma separates a member from the one before it.
func (e *encoder) comma() {
	if e.unknown[len(e.unknown)-1] != '{' {
		e.unknown = append(e.unknown, ',')
	}
}

// keep writes a member to unknown_fields.
func (b *Batch) keep(quotedName []byte, v Value) {
	e := &b.enc
	var badName, badValue error
	e.comma()
	e.unknown, badName = appendQuoted(e.unknown, quotedName)
	e.unknown, badValue = appendJSON(append(e.unknown, ':'), v, 0)
	e.blemish = e.blemish || badName != nil || badValue != nil
}

func (b *Batch) keepName(name string, v Value) { b.keep(quote(nil, []byte(name)), v) }

// oneOf takes the one object among the members without a declaration.
func (b *Batch) oneOf(table int, p *plan, s scope) (stored bool, err error) {
	e := &b.enc
	found, count := 0, 0
	for i, o := range e.others[s.others:] {
		if o.value.Kind() == '{' {
			found, count = s.others+i, count+1
		}
	}
	if count != 1 {
		b.rows[table].data = append(b.rows[table].data, null...)
		inner := b.read(p.inner, Value{})
		defer e.leave(inner)
		_, err := b.members(table, p.inner.plans, inner)
		return false, err
	}
	chosen := e.others[found]
	e.others = append(e.others[:found], e.others[found+1:]...)
	kind, bad := appendText([]byte{}, chosen.name.Raw())
	e.blemish = e.blemish || bad != nil
	b.rows[table].data = AppendField(b.rows[table].data, kind)

	inner := b.read(p.inner, chosen.value)
	defer e.leave(inner)
	start := b.openMember(string(kind))
	inside := len(e.unknown)
	_, err = b.members(table, p.inner.plans, inner)
	b.closeMember(start, inside, true)
	return true, err
}

// hasDuplicate tells whether an object anywhere in v has a name twice.
func hasDuplicate(v Value) bool {
	seen := map[string]bool{}
	for name, value := range v.Members() {
		text := string(unescaped(name))
		if seen[text] || hasDuplicate(value) {
			return true
		}
		seen[text] = true
	}
	for element := range v.Elements() {
		if hasDuplicate(element) {
			return true
		}
	}
	return false
}
