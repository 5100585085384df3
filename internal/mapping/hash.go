package mapping

import (
	"bytes"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// contentHash returns a 64-bit hash over the names and values of an element's
// members, whatever their order and whether or not the mapping declares them:
// a member that becomes a column later changes no hash. Null, "" and control
// annotations do not count, nor does the case of a GUID; times count to the
// microsecond. Two different
// elements of one key share a hash with a chance of 2^-64.
func contentHash(element Value) int64 {
	return int64(hashValue(element, 0))
}

func hashValue(v Value, path uint64) uint64 {
	switch v.Kind() {
	case '{':
		return hashObject(v, path)
	case '[':
		return hashArray(v, path)
	case '"':
		var buffer [40]byte
		return mix(path, xxhash.Sum64(normalText(v.Raw(), buffer[:0])))
	default:
		return mix(path, xxhash.Sum64(v.Raw()))
	}
}

func hashObject(v Value, path uint64) uint64 {
	sum := mix(path, '{')
	nodes := v.doc.nodes
	for i := v.i + 1; i < nodes[v.i].next; i = nodes[i+1].next {
		name, member := Value{v.doc, i}.Raw(), Value{v.doc, i + 1}
		if !member.blank() && !isAnnotation(name) {
			sum += hashValue(member, mix(path, xxhash.Sum64(name)))
		}
	}
	return sum
}

func hashArray(v Value, path uint64) uint64 {
	return mix(path, '[') + hashElements(v, path, 0)
}

// hashElements hashes elements of an array from the given one on.
func hashElements(v Value, path, first uint64) (sum uint64) {
	nodes, n := v.doc.nodes, first
	for i := v.i + 1; i < nodes[v.i].next; i = nodes[i].next {
		n++
		sum += hashValue(Value{v.doc, i}, mix(path, n))
	}
	return sum
}

// pageHash is what a page of an element's own array adds to the element's hash,
// so that a document has one hash however it is cut into pages.
func pageHash(array string, page Value, first int) int64 {
	path := mix(0, xxhash.Sum64(quote(nil, []byte(array))))
	if first == 0 {
		return int64(hashArray(page, path))
	}
	return int64(hashElements(page, path, uint64(first)))
}

// mix joins two hashes into one that depends on their order.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	return hi ^ lo
}

// normalText brings a quoted string to the form in which equal contents are
// equal: GUIDs in lower case, and times in Graph's form
// ("2006-01-02T15:04:05.1234567Z") in UTC without the digits below the
// microsecond, which PostgreSQL does not keep.
func normalText(quoted, buffer []byte) []byte {
	if text := quoted[1 : len(quoted)-1]; isGUID(text) {
		buffer = append(buffer, quoted...)
		lower(buffer)
		return buffer
	}
	const second, sixth = len(`"2006-01-02T15:04:05`), len(`"2006-01-02T15:04:05.123456`)
	if len(quoted) <= second+1 || len(quoted) > sixth+10 || !timeForm(quoted[1:second]) {
		return quoted
	}
	digits := second
	for digits < len(quoted) && (quoted[digits] == '.' || '0' <= quoted[digits] && quoted[digits] <= '9') {
		digits++
	}
	zone := quoted[digits:]
	if string(zone) == `+00:00"` {
		zone = []byte(`Z"`)
	}
	return append(append(buffer, quoted[:min(digits, sixth)]...), zone...)
}

// timeForm tells whether a text has the form of a time in whole seconds.
func timeForm(text []byte) bool {
	for i, want := range []byte("0000-00-00T00:00:00") {
		if digit := '0' <= text[i] && text[i] <= '9'; digit != (want == '0') || !digit && text[i] != want {
			return false
		}
	}
	return true
}

// isAnnotation tells whether a quoted member name is an OData control
// annotation ("@odata.type", "sessions@odata.context"), which describes the
// answer and not the call.
func isAnnotation(quoted []byte) bool {
	return bytes.Contains(quoted, []byte("@odata."))
}
