package mapping

import (
	"errors"
	"fmt"
	"slices"
)

// Extend writes further elements of an array of the element that was appended last, where they come in a document of
// their own: the array is the member of that name, declared with Rows, and first is the ordinal of the first of them.
// An array that was served empty (no elements, first 0) is kept as such. The element's hash becomes that of the whole.
// Elements that can only be stored with characters replaced are stored, and each becomes a reject marked so, with the
// key of the whole.
//
// One that cannot be stored at all (no object, or an ordinal above 2147483647) makes the whole element a reject, which
// holds all pages served so far, this one included. No other error changes anything: there is no element to extend, as
// the last Append was rejected, it has no such array, or the array has an element of that ordinal already.
func (b *Batch) Extend(name string, elements Value, first int) error {
	p, err := b.extensible(name, elements, first)
	if err != nil {
		return err
	}
	inner := func(root *redaction) *redaction { return root.members[name].inner }
	elements = b.allowed(elements, inner, (*Batch).eraseElements, (*Batch).redactElements)
	b.pages = append(b.pages, page{len(b.Elements) - 1, name, elements.Raw()})
	if err := b.extend(p, elements, first); err != nil {
		b.RejectLast(err.Error())
		return err
	}
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

func (b *Batch) extend(p *plan, elements Value, first int) error {
	whole := &b.Elements[len(b.Elements)-1]
	array, ordinal := path(0).step(p.seed), first
	b.enc.begin()
	for element := range elements.Elements() {
		if element.Kind() != '{' {
			return fmt.Errorf("%s %d: not a JSON object", p.name, ordinal)
		}
		b.enc.sanitized = false
		if err := b.child(p, []byte(whole.Key), element, ordinal, array); err != nil {
			return err
		}
		if loss := b.enc.loss(element); loss != "" {
			b.Rejects = append(b.Rejects, whole.stored(element.Raw(), loss))
		}
		ordinal++
	}
	empty := ordinal == 0 && !slices.Contains(b.kept, p)
	if empty {
		b.keepEmpty(p)
	}
	if empty || first == 0 && ordinal > 0 {
		b.enc.hash += array.hash('[')
	}
	whole.Hash += int64(b.enc.hash)
	return nil
}

// keepEmpty notes in the unknown_fields of the element written last that an array was served empty.
func (b *Batch) keepEmpty(p *plan) {
	b.kept = append(b.kept, p)
	root := &b.rows[0]
	last := root.start(len(root.ends) - 1)
	for rest := root.data[last:]; len(rest) > 0; {
		last = len(root.data) - len(rest)
		_, rest = nextField(rest)
	}
	text := []byte{'{'}
	if unknown, _ := nextField(root.data[last:]); unknown != nil {
		text = append(text[:0], unknown[1:len(unknown)-1]...) // without jsonb's version and the last brace
	}
	text = append(appendName(text, []byte(p.name)), "[]"...)
	root.data = appendUnknown(root.data[:last], text)
	root.ends[len(root.ends)-1] = len(root.data)
}
