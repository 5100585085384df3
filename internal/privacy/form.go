package privacy

import (
	"bytes"
	"net/netip"
	"strings"

	"ingestd/internal/catalog"
	"ingestd/internal/mapping"
)

// A form is what a text looks like.
type form int

const (
	other    form = iota // a name, or anything else
	guid                 // 8-4-4-4-12 hexadecimal digits
	number               // a phone number, perhaps masked with * or written with blanks and the like
	address              // an IP address, perhaps with the length of its prefix
	hardware             // a MAC address or BSSID, of 6 or 8 bytes
)

// formOf tells the form of a text as far as it matters for the column.
func (r *rule) formOf(text []byte) form {
	switch {
	case mapping.IsGUID(text):
		return guid
	case r.in(catalog.Location) && isHardware(text):
		return hardware
	case r.in(catalog.Location) && isAddress(text):
		return address
	case isNumber(text), r.in(catalog.Numbers) && standsForNumber(text):
		return number
	}
	return other
}

// standsForNumber reports whether a text is the pseudonym of a number, with the code that it begins with.
func standsForNumber(text []byte) bool {
	_, begin, ok := parse(text)
	return ok && len(begin) > 0 && string(begin) != visitor
}

func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNumber wants three digits or more, of which some may be masked; of the
// shortest ones masked hides all.
func isNumber(text []byte) bool {
	digits, shown := 0, 0
	for i, c := range text {
		switch {
		case isDigit(c):
			digits++
			shown++
		case c == '*':
			digits++
		case c == '+' && i == 0, strings.IndexByte(" ()./-", c) >= 0:
		default:
			return false
		}
	}
	return digits >= 3 && (shown > 0 || digits <= 4)
}

// digitsOf are the digits of a number, and the stars of those that are masked.
func digitsOf(text []byte) []byte {
	var digits []byte
	for _, c := range text {
		if isDigit(c) || c == '*' {
			digits = append(digits, c)
		}
	}
	return digits
}

// international is digitsOf without the 00 that people write for a plus, and the 0 in brackets that is not dialled from
// abroad.
func international(text []byte) []byte {
	return bytes.TrimPrefix(digitsOf(bytes.ReplaceAll(text, []byte("(0)"), nil)), []byte("00"))
}

// masked hides as many of the last digits as Microsoft hides of numbers of that country, where it has to. A number that
// is masked already stays.
func masked(text []byte) []byte {
	if bytes.IndexByte(text, '*') >= 0 {
		return text
	}
	hidden, digits := 3, digitsOf(text)
	if bytes.HasPrefix(digits, []byte("33")) || bytes.HasPrefix(digits, []byte("41")) { // France, Switzerland
		hidden = 4
	}
	out := bytes.Clone(text)
	for i := len(out) - 1; i >= 0 && hidden > 0; i-- {
		if isDigit(out[i]) {
			out[i] = '*'
			hidden--
		}
	}
	return out
}

// isHardware wants pairs of hexadecimal digits between dashes or colons.
func isHardware(text []byte) bool {
	if len(text) != len("00-00-00-00-00-00") && len(text) != len("00-00-00-00-00-00-00-00") {
		return false
	}
	for i, c := range text {
		if between := i%3 == 2; between && (c != text[2] || c != '-' && c != ':') || !between && !isHex(c) {
			return false
		}
	}
	return true
}

func hexDigits(text []byte) []byte {
	return bytes.ToLower(bytes.ReplaceAll(text, text[2:3], nil))
}

func isAddress(text []byte) bool {
	_, _, ok := parseAddress(text)
	return ok
}

// parseAddress reads an address and the length of its prefix, all of it if there is none.
func parseAddress(text []byte) (addr netip.Addr, bits int, ok bool) {
	if prefix, err := netip.ParsePrefix(string(text)); err == nil {
		return prefix.Addr(), prefix.Bits(), true
	}
	addr, err := netip.ParseAddr(string(text))
	addr = addr.WithZone("").Unmap()
	return addr, addr.BitLen(), err == nil
}

// truncated keeps the first 24 bits of an IPv4 address, 48 of an IPv6 address, and three bytes of a hardware address.
func truncated(text []byte) []byte {
	if isHardware(text) {
		out := bytes.Clone(text)
		for i := len("00-00-00-"); i < len(out); i++ {
			if i%3 != 2 {
				out[i] = '0'
			}
		}
		return out
	}
	addr, bits, _ := parseAddress(text)
	length := 48
	if addr.Is4() {
		length = 24
	}
	network, _ := addr.Prefix(min(bits, length)) // no longer than the address
	if bits < addr.BitLen() || bytes.IndexByte(text, '/') >= 0 {
		return []byte(network.String())
	}
	return []byte(network.Addr().String())
}

// visitor begins the ids of those who join without signing in, and tells what kind they are.
const visitor = "teamsvisitor:"
