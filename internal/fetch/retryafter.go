package fetch

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestPause bounds what Retry-After can ask for: asking once an hour does no harm, and a mistaken year would.
const longestPause = time.Hour

var seconds = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// retryAfter reads Retry-After: seconds, with Graph's fractions, or a date (RFC 9110 section 10.2.3), which is measured
// against the answer's own Date because the local clock may differ, or without one against now. Of several values the
// longest counts. It is false without a usable value, and for one that asks for no pause.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	value := strings.Join(h.Values("Retry-After"), ",")
	pause, ok := untilDate(value, h.Get("Date"), now)
	if !ok {
		pause, ok = longestSeconds(value)
	}
	return min(pause, longestPause), ok && pause > 0
}

func untilDate(value, date string, now time.Time) (time.Duration, bool) {
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if served, err := http.ParseTime(date); err == nil {
		now = served
	}
	return until.Sub(now), true
}

func longestSeconds(value string) (longest time.Duration, ok bool) {
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if !seconds.MatchString(part) {
			return 0, false
		}
		n, _ := strconv.ParseFloat(part, 64) // out of range is +Inf, and capped like any large number
		longest = max(longest, time.Duration(min(n, longestPause.Seconds())*float64(time.Second)))
	}
	return longest, true
}
