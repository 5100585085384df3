package mapping

import (
	"encoding/binary"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// postgresEpoch is the zero of timestamptz's binary form, in microseconds since 1970.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// AppendTime appends a time in timestamptz's binary form, cut (not rounded) to the microsecond.
func AppendTime(dst []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t.UnixMicro()-postgresEpoch))
}

// timestampColumn reads RFC 3339 with any number of fraction digits; Graph writes 0 to 7 and UTC.
func timestampColumn(dst []byte, v Value) ([]byte, error) {
	text, ok := content(v)
	if !ok {
		return dst, errMisfit
	}
	var t time.Time
	if err := t.UnmarshalText(text); err != nil {
		return dst, errMisfit
	}
	switch year := t.UTC().Year(); {
	case year == 1:
		return dst, errNull
	case year < 0 || year > 9999: // by the offset; RFC 3339 cannot say it in UTC
		return dst, errMisfit
	}
	return AppendTime(dst, t), nil
}

func timestampJSON(dst, src []byte) []byte {
	return timeOf(src).AppendFormat(dst, `"2006-01-02T15:04:05.999999Z"`)
}

// duration matches the subset of ISO 8601 that Edm.Duration allows (OData 4.01 ABNF, durationValue).
var duration = regexp.MustCompile(`^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$`)

// millisColumn reads a duration to whole nanoseconds and stores milliseconds. Only the form in seconds that Graph
// writes, PT0.016S, comes back as served.
func millisColumn(dst []byte, v Value) ([]byte, error) {
	text, ok := content(v)
	if !ok {
		return dst, errMisfit
	}
	part := duration.FindSubmatch(text)
	if part == nil || text[len(text)-1] == 'P' || text[len(text)-1] == 'T' {
		return dst, errMisfit
	}
	total := 0.0
	for i, unit := range []float64{24 * 3600e9, 3600e9, 60e9, 1e9} {
		n, _ := strconv.ParseFloat("0"+string(part[2+i]), 64)
		total += n * unit
	}
	nanos, _ := strconv.ParseFloat((string(part[6]) + "000000000")[:9], 64)
	total += nanos
	if len(part[1]) > 0 {
		total = -total
	}
	if math.Abs(total) >= 1<<53 { // 104 days: nanoseconds are no longer whole
		return dst, errMisfit
	}
	out := appendFloat(dst, total/1e6)
	if back := millisJSON(nil, out[len(dst):]); string(back[1:len(back)-1]) != string(text) {
		return out, errInexact
	}
	return out, nil
}

func millisJSON(dst, src []byte) []byte {
	millis := math.Float64frombits(binary.BigEndian.Uint64(src))
	seconds := strconv.FormatFloat(math.Abs(math.Round(millis*1e6)/1e9), 'f', 9, 64)
	sign := ""
	if millis < 0 {
		sign = "-"
	}
	return append(dst, `"`+sign+`PT`+strings.TrimRight(strings.TrimRight(seconds, "0"), ".")+`S"`...)
}
