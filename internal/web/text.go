package web

import (
	"strings"
	"time"
)

const day = 24 * time.Hour

// moment is a time as it is read beside now: the more of a date, the further
// away.
func moment(t, now time.Time) string { return beside(t, now, "Mon 15:04", "2 Jan 15:04") }

// date is a time of the past by its day, or by its hour if that is today.
func date(t, now time.Time) string { return beside(t, now, "Mon", "2 Jan") }

// beside writes a time by its hour today, else as a time of this week or of
// this year is written, and else by its date.
func beside(t, now time.Time, thisWeek, thisYear string) string {
	t, now = t.UTC(), now.UTC()
	switch apart := t.Sub(now).Abs(); {
	case t.Truncate(day).Equal(now.Truncate(day)):
		return t.Format("15:04")
	case apart < 6*day:
		return t.Format(thisWeek)
	case apart < 300*day:
		return t.Format(thisYear)
	}
	return t.Format("2 Jan 2006")
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
