package mapping

import (
	"bytes"
	"slices"
	"strings"
)

// A page holds further elements of an array of an element.
type page struct {
	element int
	array   string
	raw     []byte // a JSON array
}

// Raw returns an element as one JSON document, whose rows Append writes as Append and Extend have written them. It is
// the element as served, each array that was extended with the elements of all its pages behind its own, and without
// the links to the pages of that array.
func (b *Batch) Raw(element int) []byte {
	raw := b.Elements[element].Raw
	arrays, pages := b.arrays(element)
	if len(arrays) == 0 {
		return raw
	}
	var doc Document
	if err := doc.Parse(raw); err != nil {
		return raw // it has been parsed before
	}
	size := len(raw)
	for _, p := range b.pages {
		size += len(p.raw) + len(p.array)
	}
	return appendSpliced(make([]byte, 0, size), doc.Root(), arrays, pages)
}

// arrays returns the names of the arrays that an element was extended in, and the elements of their pages.
func (b *Batch) arrays(element int) (names []string, pages map[string][][]byte) {
	pages = map[string][][]byte{}
	for _, p := range b.pages {
		if p.element != element {
			continue
		}
		if !slices.Contains(names, p.array) {
			names = append(names, p.array)
		}
		pages[p.array] = append(pages[p.array], elementsOf(p.raw))
	}
	return names, pages
}

// elementsOf returns what stands between the brackets of a JSON array.
func elementsOf(array []byte) []byte { return bytes.Trim(array[1:len(array)-1], " \t\r\n") }

func appendSpliced(dst []byte, object Value, arrays []string, pages map[string][][]byte) []byte {
	dst = append(dst, '{')
	for name, value := range object.Members() {
		text, _ := name.unquoted()
		if linksInto(string(text), arrays) {
			continue
		}
		dst = append(append(separate(dst, '{'), name.Raw()...), ':')
		if elements, ok := pages[string(text)]; ok && value == object.Member(string(text)) { // the last of that name
			dst = appendArray(dst, value, elements)
		} else {
			dst = append(dst, value.Raw()...)
		}
	}
	for _, array := range arrays {
		if object.Member(array) == (Value{}) {
			dst = append(quote(separate(dst, '{'), []byte(array)), ':')
			dst = appendArray(dst, Value{}, pages[array])
		}
	}
	return append(dst, '}')
}

// appendArray writes an array of its own elements, or of what stands in its place, and those of its pages.
func appendArray(dst []byte, own Value, pages [][]byte) []byte {
	dst = append(dst, '[')
	if own.Kind() == '[' {
		dst = append(dst, elementsOf(own.Raw())...)
	} else if !own.absent() {
		dst = append(dst, own.Raw()...)
	}
	for _, elements := range pages {
		if len(elements) > 0 {
			dst = append(separate(dst, '['), elements...)
		}
	}
	return append(dst, ']')
}

// separate writes a comma unless it is the first of a list that has just been opened.
func separate(dst []byte, open byte) []byte {
	if dst[len(dst)-1] == open {
		return dst
	}
	return append(dst, ',')
}

// linksInto reports whether a member is a link to the next page of one of the arrays. Graph's case varies.
func linksInto(member string, arrays []string) bool {
	const link = "@odata.nextlink"
	array, ok := strings.CutSuffix(strings.ToLower(member), link)
	return ok &&
		(array == "" || slices.ContainsFunc(arrays, func(a string) bool { return strings.EqualFold(a, array) }))
}
