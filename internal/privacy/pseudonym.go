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
type key struct {
	macs sync.Pool
	flip uint64 // of the checksum: it is another one where a person was erased
}

// ofErased is the flip of keys that make pseudonyms of persons who were erased.
const ofErased = ^uint64(0)

func newKey(secret []byte) *key {
	return &key{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

func (k *key) sum(text []byte) (sum [sha256.Size]byte) {
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write(text)
	mac.Sum(sum[:0])
	return sum
}

// begin returns a pseudonym that has its first half.
func (k *key) begin(text []byte) (p pseudonym) {
	sum := k.sum(text)
	copy(p[:8], sum[:])
	return p
}

// finish writes the second half. Its first bits are those of the variant of GUIDs in all forms.
func (p pseudonym) finish(flip uint64) pseudonym {
	binary.BigEndian.PutUint64(p[8:], xxhash.Sum64(p[:8])^flip)
	p[8] = p[8]&0x3f | 0x80
	return p
}

// whole reports whether the second half is the first one's, in a pseudonym of whatever kind.
func (p pseudonym) whole() bool { return p == p.finish(0) || p.ofErased() }

func (p pseudonym) ofErased() bool { return p == p.finish(ofErased) }

const (
	version      = 0x80 // of GUIDs that have a meaning of their own: 8
	uniqueLocal  = 0xfd // begins addresses that are nobody's in the Internet
	mark         = 'x'  // begins a pseudonym in a text
	markedLength = 27
)

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// guid makes a GUID of a GUID in lower case.
func (k *key) guid(text []byte) []byte {
	return []byte(uuid.UUID(k.ofGUID(text)).String())
}

func (k *key) ofGUID(text []byte) pseudonym {
	p := k.begin(text)
	p[6] = p[6]&0x0f | version
	return p.finish(k.flip)
}

// address makes an IPv6 address of an address, whatever the length of its prefix.
func (k *key) address(text []byte) []byte {
	addr, _, _ := parseAddress(text)
	p := k.begin([]byte(addr.String()))
	p[0] = uniqueLocal
	return []byte(netip.AddrFrom16(p.finish(k.flip)).String())
}

// text makes a text that begins as given.
func (k *key) text(begin, text []byte) []byte {
	p := k.begin(text).finish(k.flip)
	return letters.AppendEncode(append(bytes.Clone(begin), mark), p[:])
}

// number makes a text that begins with the plus and the country or area code of a number, and ends with the stars of
// one that is masked. A short number says no code.
func (k *key) number(text []byte) []byte {
	digits := international(text)
	out := k.text(beginOf(text), digits)
	for range bytes.Count(digits, []byte("*")) {
		out = append(out, '*')
	}
	return out
}

// beginOf is what a pseudonym shows of a number: the plus and the code.
func beginOf(number []byte) (begin []byte) {
	digits := international(number)
	shown, _, _ := bytes.Cut(digits, []byte("*"))
	if number[0] == '+' {
		begin = append(begin, '+')
	}
	if len(digits) > 7 {
		begin = append(begin, shown[:codeLength(shown)]...)
	}
	return begin
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

// IsPseudonym reports whether a text is a pseudonym, under whatever key.
func IsPseudonym(text []byte) bool {
	_, _, ok := parse(text)
	return ok
}

// parse reads a pseudonym, and what stands before it in a text.
func parse(text []byte) (p pseudonym, begin []byte, ok bool) {
	if mapping.IsGUID(text) {
		id, err := uuid.ParseBytes(text)
		p = pseudonym(id)
		return p, nil, err == nil && p[6]&0xf0 == version && p.whole()
	}
	if bytes.HasPrefix(text, []byte("fd")) {
		if addr, err := netip.ParseAddr(string(text)); err == nil {
			p = addr.As16()
			return p, nil, addr.Is6() && p.whole()
		}
	}
	text = bytes.TrimRight(text, "*")
	begins := len(text) - markedLength
	if begins < 0 || text[begins] != mark {
		return p, nil, false
	}
	n, err := letters.Decode(p[:], text[begins+1:])
	return p, text[:begins:begins], err == nil && n == len(p) && p.whole()
}
