package main

import (
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
