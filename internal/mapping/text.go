package mapping

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// errSanitized says that a value was stored with some of its characters or digits replaced, because PostgreSQL cannot
// hold them. The element's raw text has to be kept.
var errSanitized = errors.New("holds what PostgreSQL cannot store")

// maxDepth bounds the nesting of what is kept in unknown_fields, far above any document of the API and far below what
// exhausts a server's stack.
const maxDepth = 64

// appendText appends what a JSON string says, with NUL (SQLSTATE 22021 in text, 22P05 in jsonb), lone surrogates and
// invalid UTF-8 replaced by U+FFFD. It returns errSanitized if it replaced anything.
func appendText(dst, quoted []byte) ([]byte, error) {
	start := len(dst)
	dst, err := jsontext.AppendUnquote(dst, quoted)
	if bytes.IndexByte(dst[start:], 0) >= 0 {
		dst = append(dst[:start], bytes.ReplaceAll(dst[start:], []byte{0}, []byte("\uFFFD"))...)
		err = errSanitized
	}
	if err != nil {
		return dst, errSanitized
	}
	return dst, nil
}

// unquoted returns what a JSON string says, as appendText has it.
func (v Value) unquoted() ([]byte, error) {
	raw := v.Raw()
	if v.plain() {
		return raw[1 : len(raw)-1 : len(raw)-1], nil
	}
	return appendText(nil, raw)
}

// plain reports whether a JSON string stands for itself.
func (v Value) plain() bool { return !v.escaped() && (!v.doc.lenient || utf8.Valid(v.Raw())) }

func (v Value) escaped() bool { return bytes.IndexByte(v.Raw(), '\\') >= 0 }

// appendQuoted appends a JSON string in a form that jsonb accepts.
func appendQuoted(dst []byte, v Value) ([]byte, error) {
	if v.plain() {
		return append(dst, v.Raw()...), nil
	}
	text, err := v.unquoted()
	return quote(dst, text), err
}

// appendJSON appends a value in a form that jsonb accepts: strings quoted anew, and what is beyond jsonb's range (a
// number of thousands of digits, a nest of thousands of levels) as a string of its text. It returns errSanitized if it
// changed anything but the form.
func appendJSON(dst []byte, v Value, depth int) ([]byte, error) {
	switch v.Kind() {
	case '{', '[':
		if depth >= maxDepth {
			return appendAsString(dst, v)
		}
		return appendContainer(dst, v, depth)
	case '"':
		return appendQuoted(dst, v)
	case '0':
		if !numberInRange(v.Raw()) {
			return appendAsString(dst, v)
		}
	}
	return append(dst, v.Raw()...), nil
}

func appendContainer(dst []byte, v Value, depth int) ([]byte, error) {
	object, n := v.Kind() == '{', 0
	var loss, err error
	dst = append(dst, v.Raw()[0])
	for inner := range v.values() {
		switch {
		case n == 0:
		case object && n%2 == 1:
			dst = append(dst, ':')
		default:
			dst = append(dst, ',')
		}
		n++
		if dst, err = appendJSON(dst, inner, depth+1); err != nil {
			loss = err
		}
	}
	raw := v.Raw()
	return append(dst, raw[len(raw)-1]), loss
}

func appendAsString(dst []byte, v Value) ([]byte, error) {
	dst, _ = jsontext.AppendQuote(dst, bytes.ReplaceAll(v.Raw(), []byte{0}, nil))
	return dst, errSanitized
}
