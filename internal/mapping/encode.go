package mapping

import (
	"errors"
	"slices"
)

// How one element becomes rows:
//
//	{"id": "7f…", "organizer": {"name": "x", "new": 1}, "legs": [{"answered": true}, {}]}
//
//	calls   id = 7f…        organizer_name = x               unknown_fields = {"organizer": {"new": 1}}
//	legs    call_id = 7f…   leg_index = 0   answered = true  unknown_fields = NULL
//	legs    call_id = 7f…   leg_index = 1   answered = NULL  unknown_fields = NULL
//
// Batch.row does it for one object and one row. It reads all members of the object into a frame (encoder.enter), then
// goes through the plans in the order of the columns and writes what each asks for (Batch.member): a column, the
// columns of a nested object with a frame of its own, or the rows of child tables, each by Batch.row again. A child's
// row is finished before the row above it. What no plan asked for is kept in the row's unknown_fields (Batch.keep).

// An encoder is the working memory of one element's encoding.
type encoder struct {
	frames []*frame // the first depth of them are in use, each inside the one before
	depth  int
	// unknown holds the unknown_fields of all rows that are not finished yet, one behind the other: that of a child's
	// row begins where that of the row above has got to.
	unknown   []byte
	hash      uint64 // of what is written so far; see hash.go
	sanitized bool   // a text was stored with characters replaced
}

// A frame is one JSON object while its columns are written.
type frame struct {
	table  int     // whose row the columns belong to
	path   path    // of the object in the document
	object Value   // absent if none was served: its columns are NULL
	values []Value // of the declared members, by plan.place
	others []other // the members without a declaration that are still to be kept
}

// An other is a member without a declaration; its name has no quotes and no escapes.
type other struct {
	name  []byte
	value Value
}

func (e *encoder) begin() {
	e.depth, e.unknown, e.hash, e.sanitized = 0, e.unknown[:0], 0, false
}

// enter returns a new frame with an object's members. The last of a name wins.
func (e *encoder) enter(s *shape, v Value, table int, at path) *frame {
	if e.depth == len(e.frames) {
		e.frames = append(e.frames, &frame{})
	}
	f := e.frames[e.depth]
	e.depth++
	f.table, f.path, f.object = table, at, v
	f.values = slices.Grow(f.values[:0], len(s.places))[:len(s.places)]
	clear(f.values)
	f.others = f.others[:0]
	if v.Kind() == '{' {
		e.hash += at.hash('{')
		e.readMembers(s, v, f)
	}
	return f
}

func (e *encoder) leave() { e.depth-- }

func (e *encoder) readMembers(s *shape, v Value, f *frame) {
	repeats := v.doc.lenient // whether two members may have one name
	nodes := v.doc.nodes
	for i := v.i + 1; i < nodes[v.i].next; i = nodes[i+1].next {
		name, err := Value{v.doc, i}.unquoted()
		value := Value{v.doc, i + 1}
		if place, ok := s.places[string(name)]; ok {
			f.values[place] = value
			continue
		}
		if isAnnotation(name) {
			continue
		}
		repeats = repeats || Value{v.doc, i}.escaped() // two may be replaced by one that PostgreSQL can store
		if repeats {
			f.others = slices.DeleteFunc(f.others, func(o other) bool { return string(o.name) == string(name) })
		}
		if !value.absent() {
			f.others = append(f.others, other{name, value})
			e.sanitized = e.sanitized || err != nil
		}
	}
}

// encode writes an element's rows. The error says why it cannot be stored, and loss what of it is not stored as served.
func (b *Batch) encode(v Value) (loss string, err error) {
	if v.Kind() != '{' {
		return "", errors.New("not a JSON object")
	}
	b.enc.begin()
	if err := b.row(0, b.Model.root, v, 0); err != nil {
		return "", err
	}
	return b.enc.loss(v), nil
}

// loss says what of the value just encoded is not stored as served, "" for nothing.
func (e *encoder) loss(v Value) string {
	switch {
	case e.sanitized:
		return "text that PostgreSQL cannot store"
	case v.doc.lenient && hasDuplicate(v):
		return "member name twice"
	}
	return ""
}

// hasDuplicate reports whether an object anywhere in v has a name twice.
func hasDuplicate(v Value) bool {
	seen := map[string]bool{}
	for name, value := range v.Members() {
		text, _ := name.unquoted()
		if seen[string(text)] || hasDuplicate(value) {
			return true
		}
		seen[string(text)] = true
	}
	for element := range v.Elements() {
		if hasDuplicate(element) {
			return true
		}
	}
	return false
}

// row writes one row from an object. The caller has written the inherited keys.
func (b *Batch) row(table int, s *shape, v Value, at path) error {
	f := b.enc.enter(s, v, table, at)
	defer b.enc.leave()
	return b.finish(f, s.plans)
}

// finish writes the row's own columns and unknown_fields, and ends the row.
func (b *Batch) finish(f *frame, plans []plan) error {
	e, start := &b.enc, len(b.enc.unknown)
	e.unknown = append(e.unknown, '{')
	if _, err := b.members(f, plans); err != nil {
		return err
	}
	r := &b.rows[f.table]
	r.data = appendUnknown(r.data, e.unknown[start:])
	r.ends = append(r.ends, len(r.data))
	e.unknown = e.unknown[:start]
	return nil
}

// members writes the columns and child rows of one object, then keeps what has no column. stored reports whether
// anything of the object is in a column.
func (b *Batch) members(f *frame, plans []plan) (stored bool, err error) {
	for i := range plans {
		ok, err := b.member(f, &plans[i])
		if err != nil {
			return false, err
		}
		stored = stored || ok
	}
	for _, o := range f.others {
		b.metUnknown(f.table, o.name)
		b.keep(o.name, o.value, f.path.member(o.name))
	}
	return stored, nil
}

func (b *Batch) member(f *frame, p *plan) (stored bool, err error) {
	var v Value
	if p.place >= 0 {
		v = f.values[p.place]
	}
	switch p.word {
	case wordKey:
		return true, b.keyColumn(f, p, v)
	case wordHashKey:
		return true, b.hashKey(f, p)
	case wordCol:
		return b.column(f, p, v), nil
	case wordList:
		return b.list(f, p, v), nil
	case wordDerived:
		b.derived(f, p)
		return false, nil
	case wordIn:
		return b.in(f, p, v)
	case wordOneOf:
		return b.oneOf(f, p)
	case wordSide:
		return b.side(f, p)
	default:
		return b.children(f, p, v)
	}
}
