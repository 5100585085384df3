package health

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// things are what an endpoint's rows are, in a sentence.
var things = map[string]string{
	"call_records":           "call records",
	"pstn_calls":             "PSTN calls",
	"direct_routing_calls":   "Direct Routing calls",
	"sms_messages":           "SMS messages",
	"pstn_blocked_users_log": "records of blocked users",
	"dialout_report":         "dial-out reports",
}

// Things names what an endpoint's rows are, as in "the call records of contoso".
func Things(endpoint string) string {
	if words, ok := things[endpoint]; ok {
		return words
	}
	return strings.ReplaceAll(endpoint, "_", " ")
}

const day = 24 * time.Hour

// Count is a number with its noun.
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %s", Number(n), many)
}

// Number is a number with a comma between thousands.
func Number[N int | int64](n N) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0 && n >= 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Deadline is the time until a deadline in words, rounded down: minutes below an
// hour, hours below 48, else days.
func Deadline(d time.Duration) string { return span(d, 0) }

// Remaining is a time to wait in words, rounded up, in the same units.
func Remaining(d time.Duration) string { return span(d, 1) }

func span(d, up time.Duration) string {
	unit := func(unit time.Duration) int64 { return int64((d + up*(unit-1)) / unit) }
	switch {
	case unit(time.Minute) < 60:
		return Count(max(unit(time.Minute), 0), "minute", "minutes")
	case unit(time.Hour) < 48:
		return Count(unit(time.Hour), "hour", "hours")
	}
	return Count(unit(day), "day", "days")
}

// Moment is a time in words: with the weekday within a week of now, else with
// the day, and the year if it is another.
func Moment(t, now time.Time) string {
	t = t.UTC()
	switch apart := t.Sub(now).Abs(); {
	case apart < 12*time.Hour && t.YearDay() == now.UTC().YearDay():
		return t.Format("15:04 UTC")
	case apart < 7*day:
		return t.Format("Mon 2 Jan 15:04 UTC")
	case t.Year() == now.UTC().Year():
		return t.Format("2 Jan 15:04 UTC")
	}
	return t.Format("2 Jan 2006 15:04 UTC")
}

// dateOf is a deadline's day in words, or its moment within a week.
func dateOf(t, now time.Time) string {
	t = t.UTC()
	switch {
	case t.Sub(now) < 7*day:
		return Moment(t, now)
	case t.Sub(now) < 180*day:
		return t.Format("2 January")
	}
	return t.Format("2 January 2006")
}

// utc is a time without its fraction of a second, in UTC.
func utc(t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	cut := t.UTC().Truncate(time.Second)
	return &cut
}

// Earliest is the earlier of two times, of which either may be missing.
func Earliest(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

// Latest is the later of two times, of which either may be missing.
func Latest(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// ShellWord is text as a shell takes it for one word: quoted where that is needed.
func ShellWord(text string) string {
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.:@/", r)
	}
	if text != "" && !strings.ContainsFunc(text, special) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
