package mapping

import (
	"bytes"
	"slices"
	"time"
)

// A Reject is an element kept raw.
type Reject struct {
	Raw    []byte
	Reason string // never quotes a value
	Key    string // as Element.Key; empty if unknown
	Stored bool   // its rows are stored too, with characters replaced
	At     time.Time
}

// Reject returns the element as one that is not stored.
func (e Element) Reject(reason string) Reject {
	return Reject{Raw: e.Raw, Reason: reason, Key: e.Key, At: e.At}
}

// stored returns the element, or a part of it, as one that is stored with characters replaced.
func (e Element) stored(raw []byte, reason string) Reject {
	return Reject{Raw: raw, Reason: reason, Key: e.Key, Stored: true, At: e.At}
}

// AddReject adds an element that is not stored after all to a list of rejects. Those of the same text that are marked
// stored are removed: a text is kept once, and that mark would say that its rows are there.
func AddReject(rejects []Reject, r Reject) []Reject {
	rejects = slices.DeleteFunc(rejects, func(old Reject) bool { return old.Stored && bytes.Equal(old.Raw, r.Raw) })
	return append(rejects, r)
}

// RejectLast takes back the last element that was stored, with the pages it was extended by, and keeps it raw. The
// rejects it has become in parts, marked stored, are removed.
func (b *Batch) RejectLast(reason string) {
	last := len(b.Elements) - 1
	r := b.Elements[last].Reject(reason)
	r.Raw = b.Raw(last)
	end := b.firstReject[last]
	for end < len(b.Rejects) && b.Rejects[end].Stored {
		end++
	}
	b.Rejects = slices.Delete(b.Rejects, b.firstReject[last], end)
	b.Rejects = append(b.Rejects, r)
	b.pages = slices.DeleteFunc(b.pages, func(p page) bool { return p.element == last })
	b.Elements, b.firstReject, b.open = b.Elements[:last], b.firstReject[:last], false
	b.drop()
}
