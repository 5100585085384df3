package privacy

import (
	"bytes"
	"slices"

	"ingestd/internal/catalog"
)

// A rule is what becomes of the texts in a column.
type rule struct {
	policy  *Policy
	classes []catalog.Class // of the column
}

func (r *rule) in(class catalog.Class) bool { return slices.Contains(r.classes, class) }

// onlyNumbers reports whether a column is meant for numbers. Graph serves names in it, too.
func (r *rule) onlyNumbers() bool { return r.in(catalog.Numbers) && !r.in(catalog.Identity) }

// assistants are identities of services that join meetings like persons: those that ref.service_identities lists when
// it is made. They are nobody's personal data.
var assistants = []string{"9e133cac-5238-4d1e-aaa0-d8ff4ca23f4e"}

// Replace returns what is stored of a text.
func (r *rule) Replace(text []byte) (stored []byte, ok bool) {
	f := r.formOf(text)
	mode := r.mode(f, text)
	switch {
	case mode == Keep, f == guid && slices.Contains(assistants, string(bytes.ToLower(text))):
		return text, true
	case mode == Drop:
		return nil, false
	case IsPseudonym(text):
		return text, true
	case mode == Mask:
		return masked(text), true
	case mode == Truncate:
		return truncated(text), true
	}
	return r.pseudonym(f, text), true
}

// Distinct returns a pseudonym, unless the text is kept or is one.
func (r *rule) Distinct(text []byte) []byte {
	f := r.formOf(text)
	if r.mode(f, text) == Keep || IsPseudonym(text) {
		return text
	}
	return r.pseudonym(f, text)
}

// mode is what becomes of a text of some form: the strictest of what its classes say. Where identities and numbers are
// served side by side the form tells which it is. What is no number cannot be masked, what is no address cannot be
// truncated: it is dropped, unless it is a pseudonym.
func (r *rule) mode(f form, text []byte) Mode {
	mode := Keep
	for _, class := range r.classes {
		of := r.policy.modes[class]
		switch {
		case class == catalog.Identity && f == number && r.in(catalog.Numbers),
			class == catalog.Numbers && f != number && r.in(catalog.Identity):
			continue
		case (of == Mask && f != number || of == Truncate && f != address && f != hardware) && !IsPseudonym(text):
			of = Drop
		}
		mode = stricter(mode, of)
	}
	if r.onlyNumbers() && f != number {
		mode = stricter(mode, r.policy.modes[catalog.Identity])
	}
	return mode
}

// class is whose key makes the pseudonym of a text. It follows from the text as far as it can, so that equal texts have
// one pseudonym wherever they are served.
func (r *rule) class(f form) catalog.Class {
	switch {
	case f == number:
		return catalog.Numbers
	case f == address, f == hardware, r.in(catalog.Location) && !r.in(catalog.Identity):
		return catalog.Location
	}
	return catalog.Identity
}

func (r *rule) pseudonym(f form, text []byte) []byte {
	k := r.policy.keys[r.class(f)]
	switch f {
	case guid:
		return k.guid(bytes.ToLower(text))
	case number:
		return k.number(text)
	case address:
		return k.address(text)
	case hardware:
		return k.text(nil, hexDigits(text))
	}
	if name, ok := bytes.CutPrefix(text, []byte(visitor)); ok {
		return k.text([]byte(visitor), name)
	}
	return k.text(nil, text)
}
