package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Extend writes further elements of an array of the element that was appended
// last, where they come in a document of their own: the array is the member of
// that name, declared with Rows, and first is the ordinal of the first of
// them. An array that was served empty (no elements, first 0) is kept as such.
// The element's hash becomes that of the whole document.
//
// All of the elements are written, or none: if the last Append was rejected,
// if there is no such array, if it has an element of that ordinal already, if an
// element is no object or if one cannot be stored (an ordinal above 2147483647).
// Elements that can only be stored with characters replaced are stored, and each
// becomes a reject marked so, with the key of the whole. The elements' text is
// not needed afterwards: a reject has a copy.
func (b *Batch) Extend(name string, elements Value, first int) error {
	p, err := b.extensible(name, elements, first)
	if err != nil {
		return err
	}
	before, ordinal := b.state(), first
	for element := range elements.Elements() {
		if err := b.extend(p, element, ordinal); err != nil {
			b.restore(before)
			return err
		}
		ordinal++
	}
	if ordinal == 0 {
		b.keepEmpty(name)
	}
	b.Elements[len(b.Elements)-1].Hash += pageHash(name, elements, first)
	return nil
}

// extensible returns the array's declaration if it can be extended by elements.
func (b *Batch) extensible(name string, elements Value, first int) (*plan, error) {
	if !b.open {
		return nil, errors.New("no element to extend")
	}
	plans := b.Model.root.plans
	i := slices.IndexFunc(plans, func(p plan) bool { return p.word == wordRows && p.name == name })
	if i < 0 {
		return nil, fmt.Errorf("%s has no rows for %s", b.Model.Tables[0].Name, name)
	}
	if elements.Kind() != '[' {
		return nil, fmt.Errorf("%s: not a JSON array", name)
	}
	p := &plans[i]
	if have := len(b.rows[p.table].ends) - b.starts[len(b.starts)-len(b.rows)+p.table]; first < have {
		return nil, fmt.Errorf("%s: element %d is there already", name, first)
	}
	return p, nil
}

func (b *Batch) extend(p *plan, element Value, ordinal int) error {
	if element.Kind() != '{' {
		return fmt.Errorf("%s %d: not a JSON object", p.name, ordinal)
	}
	whole := b.Elements[len(b.Elements)-1]
	b.enc.begin()
	if err := b.child(p, []byte(whole.Key), element, ordinal); err != nil {
		return err
	}
	if blemish := b.enc.blemishOf(element); blemish != "" {
		b.Rejects = append(b.Rejects, Reject{Raw: bytes.Clone(element.Raw()), Reason: blemish, Key: whole.Key, Stored: true, At: whole.At})
	}
	return nil
}

// keepEmpty notes in the element's unknown_fields that an array was served
// empty. It goes in front: of two members of a name, jsonb keeps the last, and
// what is already there says more.
func (b *Batch) keepEmpty(name string) {
	root := &b.rows[0]
	last := root.start(len(root.ends) - 1)
	for rest := root.data[last:]; len(rest) > 0; {
		last = len(root.data) - len(rest)
		_, rest = nextField(rest)
	}
	unknown, _ := nextField(root.data[last:])
	kept := append(quote([]byte("\x01{"), []byte(name)), ":[]"...)
	if unknown == nil {
		kept = append(kept, '}')
	} else {
		kept = append(append(kept, ','), unknown[2:]...)
	}
	root.data = AppendField(root.data[:last], kept)
	root.ends[len(root.ends)-1] = len(root.data)
}

// A state is how much a batch holds.
type state struct {
	rows                      []int // per table
	rejects, misfits, unknown int
}

func (b *Batch) state() state {
	s := state{rejects: len(b.Rejects), misfits: b.Misfits, unknown: b.Unknown}
	for _, r := range b.rows {
		s.rows = append(s.rows, len(r.ends))
	}
	return s
}

func (b *Batch) restore(s state) {
	b.Rejects, b.Misfits, b.Unknown = b.Rejects[:s.rejects], s.misfits, s.unknown
	for i := range b.rows {
		b.rows[i].truncate(s.rows[i])
	}
}
