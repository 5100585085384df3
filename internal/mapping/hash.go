package mapping

import (
	"bytes"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// The content hash of an element covers what its rows say: it is the hash of the document that Rebuild gives back, and
// of the derived columns. Two elements with the same rows have the same hash, however they were served. Two with
// different rows share one with a chance of 2^-64.
//
// A member hashes alike with a column and without, as long as the column gives it back as it was served. So a column
// that is added later changes few hashes: those of values it gives another form (an upper-case GUID) or does not fit.
//
// The hash of a document is the sum of the hashes of its values, each mixed with the value's path. The order of a sum
// does not matter, so the encoder adds to it whenever it writes a value.

// A path is the place of a value in a document: the hash of the names and numbers on the way to it.
type path uint64

// What is mixed in where two values of one text would be stored differently.
const (
	kindNumber = 0x9E3779B185EBCA87
	kindMisfit = 0xC2B2AE3D27D4EB4F
)

// step returns the path of a value inside the one at p.
func (p path) step(seed uint64) path    { return path(mix(uint64(p), seed)) }
func (p path) member(name []byte) path  { return p.step(xxhash.Sum64(name)) }
func (p path) element(ordinal int) path { return p.step(uint64(ordinal) + 1) }
func (p path) misfit() path             { return p.step(kindMisfit) }

// hash hashes a value that its first byte says all of, and an object or an array apart from what is in it.
func (p path) hash(first byte) uint64     { return mix(uint64(p), uint64(first)) }
func (p path) hashText(t []byte) uint64   { return mix(uint64(p), xxhash.Sum64(t)) }
func (p path) hashDigits(n []byte) uint64 { return mix(uint64(p), xxhash.Sum64(n)^kindNumber) }

// path is the place of the plan's member in an object.
func (p *plan) path(f *frame) path { return f.path.step(p.seed) }

// mix joins two hashes into one that depends on their order.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	return hi ^ lo
}

// hashValue hashes a value as jsonb has it once appendJSON has written it: names and text without escapes, the last of
// several members of one name, numbers written out, and as text what is beyond jsonb's range.
func (p path) hashValue(v Value, depth int) uint64 {
	switch kind := v.Kind(); kind {
	case '"':
		text, _ := v.unquoted()
		return p.hashText(text)
	case '0':
		return p.hashNumber(v.Raw())
	case '{', '[':
		if depth >= maxDepth {
			quoted, _ := appendAsString(nil, v)
			text, _ := appendText(nil, quoted)
			return p.hashText(text)
		}
		sum, n := p.hash(byte(kind)), 0
		for name, member := range v.distinctMembers() {
			sum += p.member(name).hashValue(member, depth+1)
		}
		for element := range v.Elements() {
			sum += p.element(n).hashValue(element, depth+1)
			n++
		}
		return sum
	default:
		return p.hash(byte(kind))
	}
}

func (p path) hashNumber(text []byte) uint64 {
	digits, ok := writtenOut(text)
	if !ok {
		return p.hashText(text)
	}
	return p.hashDigits(digits)
}

// distinctMembers ranges over the members of an object, of several with one name over the last. Names have no quotes.
func (v Value) distinctMembers() func(yield func(name []byte, value Value) bool) {
	return func(yield func([]byte, Value) bool) {
		var last map[string]Value
		if v.mayRepeat() {
			last = map[string]Value{}
		}
		for name, value := range v.Members() {
			text, _ := name.unquoted()
			if last != nil {
				last[string(text)] = value
			} else if !yield(text, value) {
				return
			}
		}
		for name, value := range last {
			if !yield([]byte(name), value) {
				return
			}
		}
	}
}

// mayRepeat reports whether an object may have two members of one name: as served, or once characters are replaced.
func (v Value) mayRepeat() bool {
	repeats := v.doc.lenient
	for name := range v.Members() {
		repeats = repeats || name.escaped()
	}
	return repeats
}

// The functions below hash a stored value for its type, to the same result as hashing its JSON form.

// hashStored is for text.
func hashStored(at path, _ Value, stored []byte) uint64 { return at.hashText(stored) }

// hashServed is for types that hold just what the JSON text says: what they cannot hold is errInexact or a misfit.
func hashServed(at path, v Value, _ []byte) uint64 {
	return at.hashValue(v, 0)
}

func hashUUID(at path, v Value, _ []byte) uint64 {
	var buffer [36]byte
	text, _ := content(v)
	lowered := append(buffer[:0], text...)
	lower(lowered)
	return at.hashText(lowered)
}

// hashFloat leaves out the zeros at the end, which a float8 does not have.
func hashFloat(at path, v Value, _ []byte) uint64 {
	digits, _ := writtenOut(v.Raw())
	if bytes.IndexByte(digits, '.') >= 0 {
		digits = bytes.TrimRight(bytes.TrimRight(digits, "0"), ".")
	}
	return at.hashDigits(digits)
}

// hashTimestamp cuts the text where the column cuts the time, as printing a time takes long.
func hashTimestamp(at path, v Value, stored []byte) uint64 {
	var buffer [40]byte
	text, _ := content(v)
	const second, microsecond = len("2006-01-02T15:04:05"), len("2006-01-02T15:04:05.123456")
	if text[len(text)-1] != 'Z' {
		quoted := timestampJSON(buffer[:0], stored)
		return at.hashText(quoted[1 : len(quoted)-1])
	}
	digits := text[:min(len(text)-1, microsecond)]
	if len(digits) > second {
		digits = bytes.TrimRight(bytes.TrimRight(digits, "0"), ".")
	}
	return at.hashText(append(append(buffer[:0], digits...), 'Z'))
}

// isAnnotation reports whether a member name is that of an OData control annotation ("@odata.type",
// "sessions@odata.context"), which describes the answer and not the call.
func isAnnotation(name []byte) bool {
	return bytes.Contains(name, []byte("@odata."))
}
