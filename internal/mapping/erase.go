package mapping

import (
	"bytes"
	"slices"
	"time"
)

// An Eraser takes persons out of elements before they are encoded, and leaves all else as served.
//
// A row is one of these persons' if a column that says whom it is about names them, and so are the rows of that side of
// a call below it. Their rows go by the rules of Own, and lose their members without a declaration. In rows of others a
// value goes that names or mentions one of them.
type Eraser struct {
	persons Persons
	root    *redaction
}

// Persons are those that an Eraser takes out. As a Rule it is for texts in rows of others: Replace returns the text
// itself if it has nothing of them, another one in place of a text that names one of them, and nothing for a text that
// mentions one.
type Persons interface {
	Rule
	// Own says what becomes of a column's texts in a row of theirs; nil: they are kept.
	Own(column Column) Rule
	// Says reports whether a column says whom a row is about.
	Says(column Column) bool
	// Key is what stands for a key that is a hash of what names one of them.
	Key(key []byte) []byte
}

// Eraser compiles what becomes of persons in a model's elements.
func (m *Model) Eraser(persons Persons) *Eraser {
	columns := map[string]Column{}
	for _, t := range m.Tables {
		for _, c := range t.Columns {
			columns[c.Name] = c
		}
	}
	root := newRedaction(0, m.root, func(name string) Rule { return persons.Own(columns[name]) })
	root.each(func(m *redactedMember) { m.says = persons.Says(columns[m.column]) })
	return &Eraser{persons, root}
}

// each visits the members that have a column.
func (r *redaction) each(visit func(m *redactedMember)) {
	if r == nil {
		return
	}
	for _, m := range r.members {
		if m.inner != nil {
			m.inner.each(visit)
		} else {
			visit(m)
		}
	}
	r.oneOf.each(visit)
}

// names reports whether a value is a text that names one of the persons.
func (e *Eraser) names(v Value) bool {
	if v.Kind() != '"' {
		return false
	}
	text, _ := v.unquoted()
	stored, ok := e.persons.Replace(text)
	return ok && !bytes.Equal(stored, text)
}

// Changes reports whether what a batch is given may not be as it appends it: without a redactor only where a text, of
// an element or not, names or mentions a person.
func (b *Batch) Changes(text []byte) bool {
	if b.Redactor != nil || b.Eraser == nil {
		return b.Redactor != nil
	}
	var doc Document
	if doc.Parse(text) == nil {
		return b.Eraser.meets(doc.Root())
	}
	stored, ok := b.Eraser.persons.Replace(text)
	return !ok || !bytes.Equal(stored, text)
}

// meets reports whether a value has a text or a number, at any depth, that names or mentions one of the persons.
func (e *Eraser) meets(v Value) bool {
	for i := v.i; i < v.doc.nodes[v.i].next; i++ {
		var text []byte
		switch inner := (Value{v.doc, i}); inner.Kind() {
		case '"':
			text, _ = inner.unquoted()
		case '0':
			text = inner.Raw()
		default:
			continue
		}
		if stored, ok := e.persons.Replace(text); !ok || !bytes.Equal(stored, text) {
			return true
		}
	}
	return false
}

// sides are those of a call that are a person's; "" stands for the row itself.
type sides map[string]bool

// eraseElement writes null for what is no object and mentions a person.
func (b *Batch) eraseElement(dst []byte, r *redaction, v Value, above sides) []byte {
	if v.Kind() != '{' {
		if b.Eraser.meets(v) {
			return append(dst, "null"...)
		}
		return append(dst, v.Raw()...)
	}
	own := sides{}
	for side := range above {
		own[side] = side != ""
	}
	b.Eraser.find(r, v, "", own)
	return b.eraseObject(dst, r, v, own)
}

func (b *Batch) eraseElements(dst []byte, r *redaction, array Value, above sides) []byte {
	dst = append(dst, '[')
	for element := range array.Elements() {
		dst = b.eraseElement(separate(dst, '['), r, element, above)
	}
	return append(dst, ']')
}

// find notes the sides of a row that are a person's. Members of an object that is of one side are of that side.
func (e *Eraser) find(r *redaction, v Value, side string, own sides) {
	chosen := r.chosen(v)
	for name, value := range v.Members() {
		text, _ := name.unquoted()
		m := r.members[string(text)]
		switch {
		case m == nil && value == chosen && value != (Value{}):
			e.find(r.oneOf, value, side, own)
		case m == nil, m.word == wordRows:
		case m.inner != nil:
			e.find(m.inner, value, side+m.side, own)
		case m.says && e.names(value):
			own[side+m.side] = true
		}
	}
}

// hashedKey is the plan of a key that is a hash, or may be; nil if there is none.
func (m *Model) hashedKey() *plan {
	for i := range m.root.plans {
		if p := &m.root.plans[i]; len(p.hashed) > 0 {
			return p
		}
	}
	return nil
}

// noteKey notes what the key of an element is to be if it is a hash of what names a person. It follows from the key
// that the element has with the person, by which it may be stored already, whatever modes have left of its parts.
func (b *Batch) noteKey(v Value) {
	b.erasedKey = nil
	p := b.Model.hashedKey()
	if p == nil || p.source != "" && !v.Member(p.name).blank() || !b.Eraser.changesKey(p, v) {
		return
	}
	with := b.Model.NewBatch()
	with.Redactor = b.Redactor
	with.Append(v, time.Time{})
	for _, e := range with.Elements {
		for key := range Fields([]byte(e.Key)) {
			b.erasedKey = b.Eraser.persons.Key(key)
		}
	}
}

// changesKey reports whether a hash of members of an element names a person.
func (e *Eraser) changesKey(p *plan, v Value) bool {
	own := sides{}
	e.find(e.root, v, "", own)
	return own[""] || slices.ContainsFunc(p.hashed, func(part plan) bool { return e.names(v.Member(part.name)) })
}

// isKey reports whether a member is the annotation that says which key is stored, in place of which another is noted.
func (b *Batch) isKey(r *redaction, name []byte) bool {
	return r == b.Eraser.root && b.erasedKey != nil && string(name) == b.Model.hashedKey().column+storedForm
}

func (b *Batch) eraseObject(dst []byte, r *redaction, v Value, own sides) []byte {
	dst = append(dst, '{')
	if r == b.Eraser.root && b.erasedKey != nil {
		dst = quote(appendName(dst, []byte(b.Model.hashedKey().column+storedForm)), b.erasedKey)
	}
	chosen := r.chosen(v)
	for name, value := range v.Members() {
		text, _ := name.unquoted()
		m := r.members[string(text)]
		switch {
		case value.absent() && !m.derived(), b.isKey(r, text):
		case m != nil && m.word == wordRows && value.Kind() == '[':
			dst = b.eraseElements(appendName(dst, text), m.inner, value, own)
		case m != nil && own[m.side]:
			dst = b.redactMember(dst, m, value, v)
		case m != nil && m.rule == nil && value.Kind() == '0': // of a column for numbers that are counted
			dst = append(appendName(dst, text), value.Raw()...)
		case m != nil && m.inner != nil && value.Kind() == '{':
			dst = b.eraseObject(appendName(dst, text), m.inner, value, nil)
		case m == nil && own[""] && value == chosen:
			dst = b.redactObject(appendName(dst, text), r.oneOf, value)
		case m == nil && own[""] && !isAnnotation(text):
			b.metUnknown(r.table, text)
		case m == nil && own[""] && value.Kind() != '"': // an annotation that is no text
		case m == nil && value == chosen:
			dst = b.eraseObject(appendName(dst, text), r.oneOf, value, nil)
		default:
			dst = b.eraseMember(dst, text, value)
		}
	}
	return append(dst, '}')
}

// eraseMember writes a member of a row of others, or leaves it out. Of an object that mentions a person an empty one
// stays: beside another one the two are no choice of one.
func (b *Batch) eraseMember(dst, name []byte, v Value) []byte {
	switch {
	case !b.Eraser.meets(v):
		return append(appendName(dst, name), v.Raw()...)
	case b.Eraser.names(v):
		text, _ := v.unquoted()
		stored, _ := b.Eraser.persons.Replace(text)
		return quote(appendName(dst, name), stored)
	case v.Kind() == '{':
		return append(appendName(dst, name), "{}"...)
	}
	return dst
}
