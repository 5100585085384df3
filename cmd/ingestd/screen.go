package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"golang.org/x/term"
)

// A screen is what a verb prints for a person to: a terminal of some width, or
// a pipe or file, which gets the same with times in full, without colour, and a
// line for each row and sentence.
type screen struct {
	io.Writer
	terminal bool
	width    int // of a line of text
	columns  int // that a table may take; 0: any number
	color    bool
	now      time.Time
}

// screenOf is the screen that a writer is; a wide one lets tables run on to the
// right.
func screenOf(out io.Writer, wide bool, now time.Time) screen {
	s := screen{Writer: out, width: math.MaxInt, now: now}
	if file, ok := out.(*os.File); ok && isTerminal(out) {
		s.terminal, s.width = true, maxWidth
		s.color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			s.width = min(columns, maxWidth)
		}
		if !wide {
			s.columns = s.width
		}
	}
	return s
}

// at writes a time: as short as it can be understood on a terminal, in full
// elsewhere.
func (s screen) at(t *time.Time) string {
	switch {
	case t == nil || t.IsZero():
		return "-"
	case !s.terminal:
		return t.UTC().Format(time.RFC3339)
	case sameDay(*t, s.now):
		return t.UTC().Format("15:04")
	case t.UTC().Year() == s.now.UTC().Year():
		return t.UTC().Format("2 Jan 15:04")
	}
	return t.UTC().Format("2 Jan 2006")
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// left writes how long something lasts yet: hours below 48, else days, rounded
// down.
func left(d time.Duration) string {
	switch {
	case d < 0:
		return "0 h"
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// takes writes how long something takes, rounded up.
func takes(d time.Duration) string {
	up := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", up(time.Second))
	case d < 2*time.Hour && d%time.Hour != 0:
		return fmt.Sprintf("%d min", up(time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", up(time.Hour))
	}
	return fmt.Sprintf("%d d", up(24*time.Hour))
}

// plural is a number with its noun.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped is a number with commas between thousands.
func grouped[N int | int64](n N) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
