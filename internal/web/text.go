package web

import (
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

// short is a span in its largest unit, rounded down, as deadlines are: hours
// below two days, else days.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return "gone"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return thousands(int64(d/day)) + " d"
}

// left is time that is still needed, rounded up.
func left(d time.Duration) string {
	switch {
	case d <= time.Minute:
		return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second)
	case d <= time.Hour:
		return fmt.Sprintf("%d min", (d+time.Minute-1)/time.Minute)
	case d <= 2*day:
		return fmt.Sprintf("%d h", (d+time.Hour-1)/time.Hour)
	}
	return thousands(int64((d+day-1)/day)) + " d"
}

// moment is a time as it is read beside now: the more of a date, the further
// away.
func moment(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	apart := t.Sub(now).Abs()
	switch {
	case t.Truncate(day).Equal(now.Truncate(day)):
		return t.Format("15:04")
	case apart < 6*day:
		return t.Format("Mon 15:04")
	case apart < 300*day:
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}

// date is a time of the past by its day, or by its hour if that is today.
func date(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	switch apart := now.Sub(t).Abs(); {
	case t.Truncate(day).Equal(now.Truncate(day)):
		return t.Format("15:04")
	case apart < 6*day:
		return t.Format("Mon")
	case apart < 300*day:
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// thousands writes a number with a comma every three digits.
func thousands(n int64) string {
	digits := fmt.Sprint(n)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// count is a number with its noun, in the plural where it is one.
func count[N int | int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return thousands(int64(n)) + " " + noun
}

// spaced is a word of the snapshot as a person reads it.
func spaced[W ~string](word W) string { return strings.ReplaceAll(string(word), "_", " ") }

// typeset gives prose the signs that a page has and a terminal may lack.
func typeset(text string) string {
	return strings.NewReplacer("'", "’", " > ", " › ").Replace(text)
}

// cut shortens a text that comes from outside.
func cut(text string, longest int) string {
	runes := []rune(text)
	if len(runes) <= longest {
		return text
	}
	return string(runes[:longest-1]) + "…"
}

// or is what a pointer leads to, or a dash.
func or[T any](p *T, format func(T) string) string {
	if p == nil {
		return dash
	}
	return format(*p)
}

const dash = "–"
