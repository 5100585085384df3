package privacy

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"net/netip"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"

	"ingestd/internal/mapping"
)

// A pseudonym has two halves: the first 8 bytes of an HMAC-SHA256 of what it stands for, and a checksum of these. So it
// is known as a pseudonym when it is met again, and left as it is: what was redacted may be redacted again. Some bits
// say what it is instead; 56 are left of the first half in an address, 60 in a GUID: of a million values two share a
// pseudonym with a chance below 1 to 100,000.
type pseudonym [16]byte

// A key makes pseudonyms.
type key struct{ macs sync.Pool }

func newKey(secret []byte) *key {
	return &key{sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// begin returns a pseudonym that has its first half.
func (k *key) begin(text []byte) (p pseudonym) {
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write(text)
	var sum [sha256.Size]byte
	copy(p[:8], mac.Sum(sum[:0]))
	return p
}

// finish writes the second half. Its first bits are those of the variant of GUIDs in all forms.
func (p pseudonym) finish() pseudonym {
	binary.BigEndian.PutUint64(p[8:], xxhash.Sum64(p[:8]))
	p[8] = p[8]&0x3f | 0x80
	return p
}

func (p pseudonym) whole() bool { return p == p.finish() }

const (
	version      = 0x80 // of GUIDs that have a meaning of their own: 8
	uniqueLocal  = 0xfd // begins addresses that are nobody's in the Internet
	mark         = 'x'  // begins a pseudonym in a text
	markedLength = 27
)

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// guid makes a GUID of a GUID in lower case.
func (k *key) guid(text []byte) []byte {
	p := k.begin(text)
	p[6] = p[6]&0x0f | version
	return []byte(uuid.UUID(p.finish()).String())
}

// address makes an IPv6 address of an address, whatever the length of its prefix.
func (k *key) address(text []byte) []byte {
	addr, _, _ := parseAddress(text)
	p := k.begin([]byte(addr.String()))
	p[0] = uniqueLocal
	return []byte(netip.AddrFrom16(p.finish()).String())
}

// text makes a text that begins as given.
func (k *key) text(begin, text []byte) []byte {
	p := k.begin(text).finish()
	return letters.AppendEncode(append(bytes.Clone(begin), mark), p[:])
}

// number makes a text that begins with the plus and the country or area code of a number, and ends with the stars of
// one that is masked. A short number says no code.
func (k *key) number(text []byte) []byte {
	digits := digitsOf(text)
	shown, _, _ := bytes.Cut(digits, []byte("*"))
	begin := text[:0:0]
	if text[0] == '+' {
		begin = append(begin, '+')
	}
	if len(digits) > 7 {
		begin = append(begin, shown[:codeLength(shown)]...)
	}
	out := k.text(begin, digits)
	for range bytes.Count(digits, []byte("*")) {
		out = append(out, '*')
	}
	return out
}

//go:embed calling_codes.txt
var callingCodesText string

// callingCodes are those of ref.calling_codes as it is made.
var callingCodes = func() map[string]bool {
	codes := map[string]bool{}
	for _, code := range strings.Fields(callingCodesText) {
		codes[code] = true
	}
	return codes
}()

// codeLength is how many digits of a number are its country or area code: the longest that is known.
func codeLength(digits []byte) int {
	for n := min(len(digits), 7); n > 0; n-- {
		if callingCodes[string(digits[:n])] {
			return n
		}
	}
	return 0
}

// isPseudonym reports whether a text is one, under whatever key.
func isPseudonym(text []byte) bool {
	if mapping.IsGUID(text) {
		p, err := uuid.ParseBytes(text)
		return err == nil && p[6]&0xf0 == version && pseudonym(p).whole()
	}
	if bytes.HasPrefix(text, []byte("fd")) {
		if addr, err := netip.ParseAddr(string(text)); err == nil {
			return addr.Is6() && pseudonym(addr.As16()).whole()
		}
	}
	text = bytes.TrimRight(text, "*")
	if len(text) < markedLength || text[len(text)-markedLength] != mark {
		return false
	}
	var p pseudonym
	n, err := letters.Decode(p[:], text[len(text)-markedLength+1:])
	return err == nil && n == len(p) && p.whole()
}
