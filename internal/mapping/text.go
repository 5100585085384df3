package mapping

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// errBlemish says that a value was stored with some of its characters or
// digits replaced, because PostgreSQL cannot hold them. The element's raw text
// has to be kept.
var errBlemish = errors.New("holds what PostgreSQL cannot store")

// maxDepth bounds the nesting of what is kept in unknown_fields, far above
// any document of the API and far below what exhausts a server's stack.
const maxDepth = 64

// appendText appends what a JSON string says, with NUL (SQLSTATE 22021 in
// text, 22P05 in jsonb), lone surrogates and invalid UTF-8 replaced by U+FFFD.
// It returns errBlemish if it replaced anything.
func appendText(dst, quoted []byte) ([]byte, error) {
	start := len(dst)
	if content := quoted[1 : len(quoted)-1]; bytes.IndexByte(content, '\\') < 0 && utf8.Valid(content) {
		return append(dst, content...), nil
	}
	dst, err := jsontext.AppendUnquote(dst, quoted)
	if bytes.IndexByte(dst[start:], 0) >= 0 {
		dst = append(dst[:start], bytes.ReplaceAll(dst[start:], []byte{0}, []byte("\uFFFD"))...)
		err = errBlemish
	}
	if err != nil {
		return dst, errBlemish
	}
	return dst, nil
}

// appendQuoted appends a JSON string in a form that jsonb accepts.
func appendQuoted(dst, quoted []byte) ([]byte, error) {
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return append(dst, quoted...), nil
	}
	text, blemish := appendText(nil, quoted)
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst, blemish
}

// appendJSON appends a value in a form that jsonb accepts: strings quoted
// anew, and what is beyond jsonb's range (a number of thousands of digits, a
// nest of thousands of levels) as a string of its text. It returns errBlemish
// if it changed anything but the form.
func appendJSON(dst []byte, v Value, depth int) ([]byte, error) {
	switch v.Kind() {
	case '{', '[':
		if depth >= maxDepth {
			return appendAsString(dst, v)
		}
		return appendContainer(dst, v, depth)
	case '"':
		return appendQuoted(dst, v.Raw())
	case '0':
		if !numberInRange(v.Raw()) {
			return appendAsString(dst, v)
		}
	}
	return append(dst, v.Raw()...), nil
}

func appendContainer(dst []byte, v Value, depth int) ([]byte, error) {
	object, n := v.Kind() == '{', 0
	var blemish, err error
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
			blemish = err
		}
	}
	raw := v.Raw()
	return append(dst, raw[len(raw)-1]), blemish
}

func appendAsString(dst []byte, v Value) ([]byte, error) {
	dst, _ = jsontext.AppendQuote(dst, bytes.ReplaceAll(v.Raw(), []byte{0}, nil))
	return dst, errBlemish
}
