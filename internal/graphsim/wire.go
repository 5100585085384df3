package graphsim

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"
)

// tick is the resolution of Graph's times.
const (
	tick   = 100 * time.Nanosecond
	second = int64(time.Second / tick)
	day    = 24 * 60 * 60 * second
)

// ticks counts since 1970; the seconds apart, since year 1 in nanoseconds
// would overflow.
func ticks(t time.Time) int64 {
	return t.Unix()*second + int64(t.Nanosecond())/int64(tick)
}

func timeOf(ticks int64) time.Time {
	sec, rest := floorDiv(ticks, second)
	return time.Unix(sec, rest*int64(tick)).UTC()
}

// appendTime writes up to seven digits of fraction, without trailing zeros.
func appendTime(dst []byte, t int64) []byte {
	return timeOf(t).AppendFormat(dst, "2006-01-02T15:04:05.9999999Z")
}

// appendMoney writes thousandths with two digits, or three where needed.
func appendMoney(dst []byte, thousandths int64) []byte {
	dst = strconv.AppendInt(dst, thousandths/1000, 10)
	dst = append(dst, '.')
	if thousandths%10 == 0 {
		return appendPadded(dst, uint64(thousandths%1000/10), 2)
	}
	return appendPadded(dst, uint64(thousandths%1000), 3)
}

func appendPadded(dst []byte, n uint64, digits int) []byte {
	start := len(dst)
	for range digits {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= start; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
	return dst
}

// guid is a version 4 identifier.
type guid [16]byte

func newGUID(rng *rand.Rand) (g guid) {
	a, b := rng.Uint64(), rng.Uint64()
	for i := range 8 {
		g[i], g[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	g[6], g[8] = g[6]&0x0f|0x40, g[8]&0x3f|0x80
	return g
}

func (g guid) appendTo(dst []byte) []byte {
	for i, part := range [][]byte{g[:4], g[4:6], g[6:8], g[8:10], g[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

func (g guid) String() string { return string(g.appendTo(nil)) }

// floorDiv divides toward the past, also before 1970.
func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

func pow10(digits int) int {
	n := 1
	for range digits {
		n *= 10
	}
	return n
}

// appendText writes a member, null for the empty text. The text is taken to
// need no escaping.
func appendText(dst []byte, name, text string) []byte {
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	if text == "" {
		return append(dst, "null"...)
	}
	return append(append(append(dst, '"'), text...), '"')
}
