package mapping

import "bytes"

// A Rule says what becomes of the texts of one column.
type Rule interface {
	// Replace returns what is stored of a text; ok is false where nothing is.
	Replace(text []byte) (stored []byte, ok bool)
	// Distinct returns what a key is made of instead of a text. It is the same for equal texts and for no others, even
	// where what is stored of them is not.
	Distinct(text []byte) []byte
}

// A Redactor changes elements before they are encoded, so that rows, keys, hashes and rejects are made of what may be
// kept and of nothing else. A column's values go by its rule, if it has one. What nobody knows the meaning of is left
// out: members without a declaration, and values that do not fit theirs, in whose place there is an empty object.
// Control annotations stay if they are texts.
type Redactor struct{ root *redaction }

// A redaction is what becomes of one JSON object.
type redaction struct {
	table   int // of its columns
	members map[string]*redactedMember
	oneOf   *redaction // of the one object without a declaration
}

type redactedMember struct {
	*plan
	row    int        // the table of its column
	prefix []byte     // its name, quoted, and a colon
	rule   Rule       // nil: its values are kept
	inKey  bool       // a key is made of it
	side   string     // of the call, that the row of its column is of; empty: none
	says   bool       // for an Eraser: it says whom the row is about
	inner  *redaction // In, Rows
}

// Redactor compiles rules, given for each column by its name; nil keeps its values.
func (m *Model) Redactor(rule func(column string) Rule) *Redactor {
	return &Redactor{newRedaction(0, m.root, rule)}
}

func newRedaction(table int, s *shape, rule func(column string) Rule) *redaction {
	r := &redaction{table: table, members: map[string]*redactedMember{}}
	r.add(table, "", s.plans, rule)
	for _, p := range s.plans {
		for _, part := range p.hashed {
			r.members[part.name].inKey = true
		}
	}
	return r
}

func (r *redaction) add(table int, side string, plans []plan, rule func(column string) Rule) {
	for i := range plans {
		p := &plans[i]
		name := p.name
		if p.word == wordDerived {
			name = p.column + storedForm
		}
		m := &redactedMember{plan: p, row: table, side: side, prefix: append(quote(nil, []byte(name)), ':')}
		switch p.word {
		case wordHashKey:
			continue
		case wordSide:
			r.add(p.table, p.side, p.inner.plans, rule)
			continue
		case wordOneOf:
			r.oneOf = newRedaction(table, p.inner, rule)
			continue
		case wordIn:
			m.inner = newRedaction(table, p.inner, rule)
		case wordRows:
			m.inner = newRedaction(p.table, p.inner, rule)
		default:
			m.rule = rule(p.column)
		}
		r.members[name] = m
	}
}

// allowed returns an element, or the elements of an array, as the batch may keep them: first without persons that are
// erased, then as the tenant's modes say.
func (b *Batch) allowed(
	v Value,
	r func(root *redaction) *redaction,
	erase func(b *Batch, dst []byte, r *redaction, v Value, above sides) []byte,
	redact func(b *Batch, dst []byte, r *redaction, v Value) []byte,
) Value {
	if b.Eraser != nil && b.Eraser.meets(v) {
		b.noteKey(v)
		v = b.parsed(&b.erased, erase(b, make([]byte, 0, len(v.Raw())), r(b.Eraser.root), v, nil))
	}
	if b.redactor != nil {
		v = b.parsed(&b.doc, redact(b, make([]byte, 0, len(v.Raw())), r(b.redactor.root), v))
	}
	return v
}

func (b *Batch) parsed(doc *Document, text []byte) Value {
	b.redacted += int64(cap(text))
	if err := doc.Parse(text); err != nil {
		panic("mapping: a redacted element is " + err.Error())
	}
	return doc.Root()
}

// redactElement writes null for what is no object.
func (b *Batch) redactElement(dst []byte, r *redaction, v Value) []byte {
	if v.Kind() != '{' {
		return append(dst, "null"...)
	}
	return b.redactObject(dst, r, v)
}

func (b *Batch) redactElements(dst []byte, r *redaction, array Value) []byte {
	dst = append(dst, '[')
	for element := range array.Elements() {
		dst = b.redactElement(separate(dst, '['), r, element)
	}
	return append(dst, ']')
}

func (b *Batch) redactObject(dst []byte, r *redaction, v Value) []byte {
	dst = append(dst, '{')
	chosen := r.chosen(v)
	for name, value := range v.Members() {
		text, _ := name.unquoted()
		m := r.members[string(text)]
		switch {
		case value.absent() && !m.derived():
		case m != nil:
			dst = b.redactMember(dst, m, value, v)
		case isAnnotation(text):
			if value.Kind() == '"' {
				dst = append(appendName(dst, text), value.Raw()...)
			}
		case value == chosen:
			dst = b.redactObject(appendName(dst, text), r.oneOf, value)
		default:
			b.metUnknown(r.table, text)
		}
	}
	return append(dst, '}')
}

// derived reports whether a member says what is stored in a derived column, which may be nothing.
func (m *redactedMember) derived() bool { return m != nil && m.word == wordDerived }

// chosen returns the one object among the members without a declaration, or none if there is not exactly one.
func (r *redaction) chosen(v Value) (chosen Value) {
	if r.oneOf == nil {
		return Value{}
	}
	for name, value := range v.Members() {
		text, _ := name.unquoted()
		if value.Kind() != '{' || r.members[string(text)] != nil || isAnnotation(text) {
			continue
		}
		if chosen != (Value{}) {
			return Value{}
		}
		chosen = value
	}
	return chosen
}

func (b *Batch) redactMember(dst []byte, m *redactedMember, v, object Value) []byte {
	start := len(dst)
	dst = append(separate(dst, '{'), m.prefix...)
	switch m.word {
	case wordIn:
		if v.Kind() != '{' {
			return append(dst, "[]"...) // as little an object as what was served
		}
		return b.redactObject(dst, m.inner, v)
	case wordRows:
		if v.Kind() != '[' {
			return append(dst, unfit...)
		}
		return b.redactElements(dst, m.inner, v)
	case wordList:
		if dst, ok := b.redactList(dst, m, v); ok {
			return dst
		}
		return dst[:start]
	}
	value := len(dst)
	dst, ok := m.redactValue(dst, v)
	switch {
	case !ok && m.derived():
		return append(dst[:value], "null"...)
	case !ok:
		dst = dst[:start]
	}
	if m.inKey && m.rule != nil {
		dst = m.appendKeyForm(dst, v, object)
	}
	return dst
}

// unfit stands for a value that did not fit. No column takes it, so that the value is counted and a key refuses it.
const unfit = "{}"

// redactValue writes a column's value; ok is false where it is left out.
func (m *redactedMember) redactValue(dst []byte, v Value) (_ []byte, ok bool) {
	switch {
	case m.rule == nil:
		return m.appendKept(dst, v), true
	case m.typ.OID == JSON.OID: // no rule knows its form
		return dst, false
	}
	return m.redactText(dst, v)
}

// redactText writes a text; ok is false where it is left out.
func (m *redactedMember) redactText(dst []byte, v Value) (_ []byte, ok bool) {
	switch {
	case v.absent():
		return append(dst, "null"...), true
	case v.Kind() != '"':
		return append(dst, unfit...), true
	case m.rule == nil, v.blank():
		return append(dst, v.Raw()...), true
	}
	text, _ := v.unquoted()
	stored, ok := m.rule.Replace(text)
	if bytes.Equal(stored, text) {
		return append(dst, v.Raw()...), ok
	}
	return quote(dst, stored), ok
}

// appendKept writes a value that is kept if it fits the column.
func (m *redactedMember) appendKept(dst []byte, v Value) []byte {
	switch kind := v.Kind(); {
	case m.typ.OID == JSON.OID:
		return appendFlags(dst, v)
	case kind == '{', kind == '[':
		return append(dst, unfit...)
	case kind == '"' && m.typ.OID != Text.OID && !v.blank():
		if _, err := m.typ.append(nil, v); err == errMisfit {
			return append(dst, unfit...)
		}
	}
	return append(dst, v.Raw()...)
}

// appendFlags writes an object with its members that are true, false or numbers.
func appendFlags(dst []byte, v Value) []byte {
	dst = append(dst, '{')
	for name, value := range v.Members() {
		switch value.Kind() {
		case 't', 'f', '0':
			dst = append(append(append(separate(dst, '{'), name.Raw()...), ':'), value.Raw()...)
		}
	}
	return append(dst, '}')
}

// redactList writes an array of texts, or of objects that have one; ok is false where it is left out.
func (b *Batch) redactList(dst []byte, m *redactedMember, v Value) (_ []byte, ok bool) {
	switch {
	case v.blank():
		return append(dst, v.Raw()...), true
	case v.Kind() != '[':
		return append(dst, unfit...), true
	}
	dst = append(dst, '[')
	for element := range v.Elements() {
		dst = separate(dst, '[')
		if len(m.names) == 0 {
			dst, ok = m.redactText(dst, element)
		} else {
			dst, ok = b.redactPicked(dst, m, element)
		}
		if !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}

// redactPicked writes an object of a list with the one member that its column holds.
func (b *Batch) redactPicked(dst []byte, m *redactedMember, object Value) (_ []byte, ok bool) {
	text, others, ok := pick(object, m.names[0])
	if !ok {
		return append(dst, '0'), true // as little an object as what was served
	}
	for range others {
		b.metUnknown(m.row, []byte(m.name))
	}
	dst, ok = m.redactText(appendName(append(dst, '{'), []byte(m.names[0])), text)
	return append(dst, '}'), ok
}

// keyForm ends the name of an annotation that redaction makes: what a key is made of instead of the member's value.
const keyForm = "@odata.keyForm"

// appendKeyForm writes what a key is made of where that is not what is stored, unless an earlier redaction has.
func (m *redactedMember) appendKeyForm(dst []byte, v, object Value) []byte {
	name := m.name + keyForm
	if v.Kind() != '"' || v.blank() || object.Member(name) != (Value{}) {
		return dst
	}
	text, _ := v.unquoted()
	distinct := m.rule.Distinct(text)
	if stored, ok := m.rule.Replace(text); ok && bytes.Equal(stored, distinct) {
		return dst
	}
	return quote(appendName(dst, []byte(name)), distinct)
}
