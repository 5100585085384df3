package mapping

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"net/netip"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// A Type says how a JSON value becomes a PostgreSQL value and back.
type Type struct {
	// Name is the type's name in information_schema.columns.
	Name string
	// OID is PostgreSQL's number of the type (pg_type.dat).
	OID uint32

	// append adds the value in PostgreSQL's binary form, as the type's recv function reads it. The value is never
	// blank. errMisfit: the column stays NULL; errInexact: it is stored, but cannot be rebuilt as served;
	// errSanitized: it is stored with characters replaced; errNull: it is Graph's way to say nothing.
	append func(dst []byte, v Value) ([]byte, error)

	// json adds the JSON form of a binary value.
	json func(dst, src []byte) []byte

	// hash hashes what append has stored of a value, as path.hashValue hashes its JSON form.
	hash func(at path, v Value, stored []byte) uint64
}

var (
	errMisfit  = errors.New("does not fit the column")
	errInexact = errors.New("does not come back as served")
	errNull    = errors.New("means null")
)

// The types that columns can have. Numbers are read from the JSON text, never through a narrower float.
var (
	// Text is text of any length.
	Text = Type{"text", 25, textColumn, quote, hashStored}
	// IndexedText is text of at most 2,000 bytes: a B-tree entry has room for 2,704 (SQLSTATE 54000).
	IndexedText = Type{"text", 25, indexedText, quote, hashStored}
	// ID is indexed text in which a GUID is written in lower case.
	ID = Type{"text", 25, idColumn, quote, hashStored}
	// LowerText is text in lower case, for enumerations that Graph writes in either case.
	LowerText = Type{"text", 25, lowerText, quote, hashStored}
	// UUID is a GUID in its usual form of 36 characters.
	UUID = Type{"uuid", 2950, uuidColumn, uuidJSON, hashUUID}
	// Bool is true or false.
	Bool = Type{"boolean", 16, boolColumn, boolJSON, hashServed}
	// Int4 is a whole number of 32 bits (Edm.Int32).
	Int4 = Type{"integer", 23, intColumn(32), intJSON, hashServed}
	// Int8 is a whole number of 64 bits (Edm.Int64), or a string of one, as OData writes it under IEEE754Compatible.
	Int8 = Type{"bigint", 20, intColumn(64), intJSON, hashServed}
	// Float8 is a number (Edm.Single and Edm.Double).
	Float8 = Type{"double precision", 701, floatColumn, floatJSON, hashFloat}
	// Numeric is a decimal number of any scale (Edm.Decimal), or a string of one.
	Numeric = Type{"numeric", 1700, numericColumn, numericJSON, hashServed}
	// Timestamp is a time (Edm.DateTimeOffset), cut to the microsecond. Year 1 is Graph's "no value".
	Timestamp = Type{"timestamp with time zone", 1184, timestampColumn, timestampJSON, hashTimestamp}
	// Millis is an ISO 8601 duration (Edm.Duration) in milliseconds.
	Millis = Type{"double precision", 701, millisColumn, millisJSON, hashServed}
	// Inet is an IPv4 or IPv6 address without a prefix length.
	Inet = Type{"inet", 869, inetColumn, inetJSON, hashServed}
	// LinkSpeed is Int8 with 4294967295, Graph's "unknown", as NULL.
	LinkSpeed = Type{"bigint", 20, linkSpeed, intJSON, hashServed}
	// JSON is any value, as jsonb.
	JSON = Type{"jsonb", 3802, jsonColumn, jsonJSON, hashServed}

	// textArray is the type of a List, which does its own reading and writing.
	textArray = Type{Name: "ARRAY", OID: 1009}
)

const maxIndexedText = 2000

func textColumn(dst []byte, v Value) ([]byte, error) {
	if v.Kind() != '"' {
		return dst, errMisfit
	}
	text, err := v.unquoted()
	return append(dst, text...), err
}

func indexedText(dst []byte, v Value) ([]byte, error) {
	out, err := textColumn(dst, v)
	if err == errMisfit || len(out)-len(dst) > maxIndexedText {
		return dst, errMisfit
	}
	return out, err
}

func idColumn(dst []byte, v Value) ([]byte, error) {
	out, err := indexedText(dst, v)
	if text := out[len(dst):]; IsGUID(text) {
		lower(text)
	}
	return out, err
}

func lowerText(dst []byte, v Value) ([]byte, error) {
	out, err := textColumn(dst, v)
	lower(out[len(dst):])
	return out, err
}

func lower(text []byte) {
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
}

func quote(dst, src []byte) []byte {
	dst, _ = jsontext.AppendQuote(dst, src)
	return dst
}

// content returns what a JSON string says; ok is false for any other kind of value.
func content(v Value) (text []byte, ok bool) {
	if v.Kind() != '"' {
		return nil, false
	}
	text, _ = v.unquoted()
	return text, true
}

// IsGUID reports whether a text is a GUID in its usual form of 36 characters, in either case.
func IsGUID(text []byte) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range text {
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash && c == '-':
		case !dash && ('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'):
		default:
			return false
		}
	}
	return true
}

func uuidColumn(dst []byte, v Value) ([]byte, error) {
	text, _ := content(v)
	return appendUUID(dst, text)
}

func appendUUID(dst, text []byte) ([]byte, error) {
	if !IsGUID(text) {
		return dst, errMisfit
	}
	var digits [32]byte
	compact := append(digits[:0], text[:8]...)
	compact = append(append(compact, text[9:13]...), text[14:18]...)
	compact = append(append(compact, text[19:23]...), text[24:]...)
	return hex.AppendDecode(dst, compact)
}

func uuidJSON(dst, src []byte) []byte {
	h := hex.AppendEncode(nil, src)
	for i, part := range [][]byte{h[:8], h[8:12], h[12:16], h[16:20], h[20:]} {
		dst = append(append(dst, `"----`[min(i, 1)]), part...)
	}
	return append(dst, '"')
}

func boolColumn(dst []byte, v Value) ([]byte, error) {
	switch v.Kind() {
	case 't':
		return append(dst, 1), nil
	case 'f':
		return append(dst, 0), nil
	}
	return dst, errMisfit
}

func boolJSON(dst, src []byte) []byte { return strconv.AppendBool(dst, src[0] != 0) }

// number returns the text of a JSON number, or of a string of one where the type allows it, with errInexact because the
// quotes cannot be rebuilt.
func number(v Value, orString bool) ([]byte, error) {
	if v.Kind() == '0' {
		return v.Raw(), nil
	}
	text, ok := content(v)
	if !ok || !orString || !jsontext.Value(text).IsValid() || jsontext.Value(text).Kind() != '0' ||
		bytes.ContainsAny(text, " \t\r\n") {
		return nil, errMisfit
	}
	return text, errInexact
}

func intColumn(bits int) func([]byte, Value) ([]byte, error) {
	return func(dst []byte, v Value) ([]byte, error) {
		text, form := number(v, bits == 64)
		if text != nil {
			text, _ = writtenOut(text)
		}
		n, err := strconv.ParseInt(string(text), 10, bits)
		switch {
		case err != nil:
			return dst, errMisfit
		case bits == 32:
			return binary.BigEndian.AppendUint32(dst, uint32(n)), form
		default:
			return binary.BigEndian.AppendUint64(dst, uint64(n)), form
		}
	}
}

func intJSON(dst, src []byte) []byte {
	if len(src) == 4 {
		return strconv.AppendInt(dst, int64(int32(binary.BigEndian.Uint32(src))), 10)
	}
	return strconv.AppendInt(dst, int64(binary.BigEndian.Uint64(src)), 10)
}

func linkSpeed(dst []byte, v Value) ([]byte, error) {
	if text, _ := number(v, false); text != nil {
		if digits, _ := writtenOut(text); string(digits) == "4294967295" {
			return dst, errNull
		}
	}
	return Int8.append(dst, v)
}

func floatColumn(dst []byte, v Value) ([]byte, error) {
	text, err := number(v, false)
	if err != nil {
		return dst, errMisfit
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return dst, errMisfit
	}
	if f == 0 {
		f = 0 // without its sign
	}
	dst = appendFloat(dst, f)
	if back := floatJSON(nil, dst[len(dst)-8:]); string(back) != string(text) && !equalNumbers(back, text) {
		return dst, errInexact
	}
	return dst, nil
}

func appendFloat(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}

func floatJSON(dst, src []byte) []byte {
	return jsontext.AppendFloat(dst, math.Float64frombits(binary.BigEndian.Uint64(src)), 64)
}

func inetColumn(dst []byte, v Value) ([]byte, error) {
	text, ok := content(v)
	if !ok {
		return dst, errMisfit
	}
	addr, err := netip.ParseAddr(string(text))
	if err != nil || addr.Zone() != "" {
		return dst, errMisfit
	}
	out := appendInet(dst, addr)
	if got := inetJSON(nil, out[len(dst):]); string(got[1:len(got)-1]) != string(text) {
		return out, errInexact
	}
	return out, nil
}

// appendInet writes family (2 or 3), prefix length, no cidr, length, address.
func appendInet(dst []byte, addr netip.Addr) []byte {
	family := byte(2)
	if addr.Is6() {
		family = 3
	}
	dst = append(dst, family, byte(addr.BitLen()), 0, byte(addr.BitLen()/8))
	return append(dst, addr.AsSlice()...)
}

func inetJSON(dst, src []byte) []byte {
	addr, _ := netip.AddrFromSlice(src[4:])
	return strconv.AppendQuote(dst, addr.String())
}

// jsonbVersion begins the binary form of jsonb.
const jsonbVersion = 1

func jsonColumn(dst []byte, v Value) ([]byte, error) {
	return appendJSON(append(dst, jsonbVersion), v, 0)
}

func jsonJSON(dst, src []byte) []byte { return append(dst, src[1:]...) }
