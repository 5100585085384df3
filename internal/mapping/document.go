package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A Document is one JSON text and an index over its values, so that it is scanned once however deep a mapping reaches
// into it.
type Document struct {
	text    []byte
	nodes   []node
	open    []int32 // the containers around the value being read, while parsing
	lenient bool    // the text holds bad UTF-8, a lone surrogate or a name twice
}

// A node is one value, or one member name: its text and the index of the node that follows its whole content.
type node struct{ start, end, next int32 }

// A Value is one value of a Document. The zero Value stands for an absent one. It is valid until the Document is parsed
// anew.
type Value struct {
	doc *Document
	i   int32
}

// Parse indexes text, which must hold exactly one JSON value and must not be changed while the Document is in use.
// Invalid UTF-8 and repeated names are let through (the last of a name wins); Append tells of elements that hold them.
// The Document's memory is used again by the next call. Errors name a place and quote nothing.
func (d *Document) Parse(text []byte) error {
	if len(text) > math.MaxInt32 {
		return errors.New("document above 2 GiB")
	}
	d.text, d.lenient = text, false
	if d.index() == nil {
		return nil
	}
	d.lenient = true
	return withoutText(d.index(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)))
}

// withoutText keeps the place of a syntax error and drops its words, which may quote the text.
func withoutText(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not valid JSON at byte %d", syntax.ByteOffset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("JSON text ends too early")
	}
	return err
}

func (d *Document) index(options ...jsontext.Options) error {
	// Log rows have a value or a name for every 16 bytes of text or so; growing step by step would leave several
	// times the index behind.
	d.nodes, d.open = slices.Grow(d.nodes[:0], len(d.text)/16), d.open[:0]
	// The decoder reads a bytes.Buffer in place, without copying it.
	dec := jsontext.NewDecoder(bytes.NewBuffer(d.text), options...)
	for {
		switch kind := dec.PeekKind(); kind {
		case '{', '[':
			if _, err := dec.ReadToken(); err != nil {
				return err
			}
			d.open = append(d.open, int32(len(d.nodes)))
			d.nodes = append(d.nodes, node{start: int32(dec.InputOffset()) - 1})
		case '}', ']':
			if _, err := dec.ReadToken(); err != nil {
				return err
			}
			d.closeContainer(int32(dec.InputOffset()))
		default:
			value, err := dec.ReadValue()
			if err != nil {
				return err
			}
			end := int32(dec.InputOffset())
			d.nodes = append(d.nodes, node{end - int32(len(value)), end, int32(len(d.nodes)) + 1})
		}
		if len(d.open) == 0 {
			return expectEnd(dec)
		}
	}
}

func (d *Document) closeContainer(end int32) {
	last := len(d.open) - 1
	n := &d.nodes[d.open[last]]
	n.end, n.next = end, int32(len(d.nodes))
	d.open = d.open[:last]
}

func expectEnd(dec *jsontext.Decoder) error {
	switch _, err := dec.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	default:
		return fmt.Errorf("a second JSON value at byte %d", dec.InputOffset())
	}
}

// Root returns the document's one value.
func (d *Document) Root() Value { return Value{d, 0} }

// Kind is the first byte of the value's text, with '0' for every number and 0 for an absent value.
func (v Value) Kind() jsontext.Kind {
	if v.doc == nil {
		return 0
	}
	k := jsontext.Kind(v.doc.text[v.doc.nodes[v.i].start])
	if k == '-' || '0' <= k && k <= '9' {
		return '0'
	}
	return k
}

// Raw returns the value's JSON text, as served.
func (v Value) Raw() []byte {
	if v.doc == nil {
		return nil
	}
	n := v.doc.nodes[v.i]
	return v.doc.text[n.start:n.end:n.end]
}

// Text returns what a JSON string says, with what PostgreSQL cannot store replaced by U+FFFD; ok is false for any other
// kind of value.
func (v Value) Text() (text string, ok bool) {
	if v.Kind() != '"' {
		return "", false
	}
	b, _ := v.unquoted()
	return string(b), true
}

// Len returns the number of elements of an array or members of an object.
func (v Value) Len() int {
	n := 0
	for range v.values() {
		n++
	}
	if v.Kind() == '{' {
		n /= 2
	}
	return n
}

// Elements ranges over the elements of an array, and over nothing for any other kind of value.
func (v Value) Elements() func(yield func(Value) bool) {
	return func(yield func(Value) bool) {
		if v.Kind() == '[' {
			v.values()(yield)
		}
	}
}

// Members ranges over the names and values of an object, and over nothing for any other kind of value.
func (v Value) Members() func(yield func(name, value Value) bool) {
	return func(yield func(name, value Value) bool) {
		if v.Kind() != '{' {
			return
		}
		nodes := v.doc.nodes
		for i := v.i + 1; i < nodes[v.i].next; i = nodes[i+1].next {
			if !yield(Value{v.doc, i}, Value{v.doc, i + 1}) {
				return
			}
		}
	}
}

// Member returns the value of an object's member, of the last one if there are several of that name, and the zero Value
// if there is none.
func (v Value) Member(name string) (found Value) {
	for n, value := range v.Members() {
		if text, _ := n.unquoted(); string(text) == name {
			found = value
		}
	}
	return found
}

// values ranges over the values directly inside a container, names included.
func (v Value) values() func(yield func(Value) bool) {
	return func(yield func(Value) bool) {
		if k := v.Kind(); k != '{' && k != '[' {
			return
		}
		nodes := v.doc.nodes
		for i := v.i + 1; i < nodes[v.i].next; i = nodes[i].next {
			if !yield(Value{v.doc, i}) {
				return
			}
		}
	}
}

// absent reports whether the value stands for nothing: null means the same as a member that is not there.
func (v Value) absent() bool {
	k := v.Kind()
	return k == 0 || k == 'n'
}

// blank reports whether the value is absent or the empty string, which Graph uses for "unknown" side by side with null.
func (v Value) blank() bool {
	return v.absent() || string(v.Raw()) == `""`
}
