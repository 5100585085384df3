package mapping

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
)

// maxDigits bounds a number before and after its point. numeric and jsonb could hold more (131,072 and 16,383 digits),
// but no number of the API comes near, and a short text like 1e130000 would print at full length.
const maxDigits = 1000

// A decimal is a number as its digits and the power of ten of the last one.
type decimal struct {
	negative bool
	digits   []byte // '0' to '9'
	exponent int
}

// parseDecimal reads a valid JSON number. ok is false beyond maxDigits.
func parseDecimal(text []byte) (d decimal, ok bool) {
	if text[0] == '-' {
		d.negative, text = true, text[1:]
	}
	if e := bytes.IndexAny(text, "eE"); e >= 0 {
		exponent, err := strconv.Atoi(string(text[e+1:]))
		if err != nil || exponent < -maxDigits || exponent > maxDigits {
			return d, false
		}
		d.exponent, text = exponent, text[:e]
	}
	whole, fraction, _ := bytes.Cut(text, []byte("."))
	d.digits = append(append(make([]byte, 0, 32), whole...), fraction...)
	d.exponent -= len(fraction)
	return d, len(d.digits)+d.exponent <= maxDigits && len(d.digits) <= maxDigits && -d.exponent <= maxDigits
}

// equalNumbers reports whether two JSON numbers are the same number.
func equalNumbers(a, b []byte) bool {
	x, okX := parseDecimal(a)
	y, okY := parseDecimal(b)
	return okX && okY && x.normal().equal(y.normal())
}

// normal returns the number without zeros at either end of its digits.
func (d decimal) normal() decimal {
	d.digits = bytes.TrimLeft(d.digits, "0")
	trimmed := bytes.TrimRight(d.digits, "0")
	d.exponent += len(d.digits) - len(trimmed)
	d.digits = trimmed
	if len(trimmed) == 0 {
		return decimal{}
	}
	return d
}

func (d decimal) equal(other decimal) bool {
	return d.negative == other.negative && d.exponent == other.exponent && bytes.Equal(d.digits, other.digits)
}

// numberInRange reports whether jsonb, which keeps numbers as numeric, can hold a JSON number.
func numberInRange(text []byte) bool {
	if len(text) < 20 && !bytes.ContainsAny(text, "eE") {
		return true
	}
	_, ok := parseDecimal(text)
	return ok
}

// writtenOut returns a JSON number as numeric and jsonb print it: without an exponent, zero without a sign. ok is false
// beyond maxDigits.
func writtenOut(text []byte) (digits []byte, ok bool) {
	plain := bytes.IndexByte(text, 'e') < 0 && bytes.IndexByte(text, 'E') < 0 && !bytes.HasPrefix(text, []byte("-0"))
	if plain && len(text) < 20 {
		return text, true
	}
	d, ok := parseDecimal(text)
	if !ok || plain {
		return text, ok
	}
	return numericJSON(nil, appendNumeric(nil, d)), true
}

var zeros = []byte("0000")

// numericColumn writes numeric_recv's form: the number of base-10000 digits, the weight of the first, the sign, the
// scale, and the digits. The scale is kept as served, so that 0.00 comes back as 0.00.
func numericColumn(dst []byte, v Value) ([]byte, error) {
	text, form := number(v, true)
	if text == nil {
		return dst, errMisfit
	}
	d, ok := parseDecimal(text)
	if !ok {
		return dst, errMisfit
	}
	return appendNumeric(dst, d), form
}

func appendNumeric(dst []byte, d decimal) []byte {
	scale := max(-d.exponent, 0)
	for d.exponent > 0 || d.exponent%4 != 0 { // the point between two groups of four digits
		d.digits = append(d.digits, '0')
		d.exponent--
	}
	for len(d.digits)%4 != 0 {
		d.digits = slices.Insert(d.digits, 0, '0')
	}
	weight := (len(d.digits)+d.exponent)/4 - 1
	for bytes.HasPrefix(d.digits, zeros) {
		d.digits, weight = d.digits[4:], weight-1
	}
	for bytes.HasSuffix(d.digits, zeros) {
		d.digits = d.digits[:len(d.digits)-4]
	}
	sign := uint16(0)
	if d.negative && len(d.digits) > 0 {
		sign = 0x4000
	}
	if len(d.digits) == 0 {
		weight = 0
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(d.digits)/4))
	dst = binary.BigEndian.AppendUint16(dst, uint16(weight))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(scale))
	for g := d.digits; len(g) > 0; g = g[4:] {
		n := uint16(g[0]-'0')*1000 + uint16(g[1]-'0')*100 + uint16(g[2]-'0')*10 + uint16(g[3]-'0')
		dst = binary.BigEndian.AppendUint16(dst, n)
	}
	return dst
}

// numericJSON writes the number in full, as numeric_out does.
func numericJSON(dst, src []byte) []byte {
	word := func(i int) int { return int(int16(binary.BigEndian.Uint16(src[2*i:]))) }
	count, weight, scale := word(0), word(1), word(3)
	group := func(position int) int { // the group at 10000^position
		if i := weight - position; i >= 0 && i < count {
			return word(4 + i)
		}
		return 0
	}
	if binary.BigEndian.Uint16(src[4:]) == 0x4000 {
		dst = append(dst, '-')
	}
	whole := []byte{}
	for position := max(weight, 0); position >= 0; position-- {
		whole = appendGroup(whole, group(position))
	}
	whole = append(bytes.TrimLeft(whole[:len(whole)-1], "0"), whole[len(whole)-1])
	dst = append(dst, whole...)
	if scale == 0 {
		return dst
	}
	fraction := []byte{}
	for position := -1; len(fraction) < scale; position-- {
		fraction = appendGroup(fraction, group(position))
	}
	return append(append(dst, '.'), fraction[:scale]...)
}

func appendGroup(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/1000), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
}

// WholeNumber returns the number that an Int8 column would store of a value; ok
// is false if it would be NULL.
func WholeNumber(v Value) (n int64, ok bool) {
	encoded, err := Int8.append(nil, v)
	if err != nil && !errors.Is(err, errInexact) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(encoded)), len(encoded) == 8
}
