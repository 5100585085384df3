package export_test

import (
	"testing"

	"pgregory.net/rapid"

	"ingestd/internal/store/storetest"
)

// A copy that is kept by files alone has at last what the source has: whatever rows
// come, move and go, in whatever order transactions end, wherever a pass is broken
// off, and whatever becomes of the source. Days that retention has deleted stay.
func TestStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.URL(t))
	for _, known := range knownStorms {
		w.begin()
		w.promote()
		for _, a := range known {
			w.do(a)
		}
		w.settle()
	}
	rapid.Check(t, func(r *rapid.T) {
		w.fails = r
		w.begin()
		w.promote()
		for _, a := range rapid.SliceOfN(rapid.Custom(drawAct), 1, storetest.Times(12, 60)).Draw(r, "acts") {
			w.do(a)
		}
		w.settle()
	})
}

// knownStorms are histories that a copy did not survive once, or that chance seldom
// finds.
var knownStorms = [][]act{
	// A late call of the first day that retention has left whole.
	{{Do: "prune"}, {Do: "save a call", Day: 1}},
	// A call that moves from a day which then has none.
	{{Do: "save a call", Day: 1}, {Do: "refresh"}, {Do: "pass"}, {Do: "save a call", Day: 3}},
	// A day that is not there any more after a restore, and one that retention had deleted.
	{
		{Do: "save a call", Day: 0}, {Do: "save a record", Day: 0}, {Do: "back up"},
		{Do: "save a call", Day: 4, Row: 1}, {Do: "prune"}, {Do: "restore"},
	},
	// The only call of a month moves to a day that reads what retention has deleted, and is not computed any more.
	{{Do: "save a call", Day: 2, Content: 3}, {Do: "prune"}, {Do: "save a call", Day: 1, Content: 7}},
	// A call that moves from a day whose file was new when the export was killed.
	{{Do: "save a call", Day: 1}, {Do: "refresh"}, {Do: "kill a pass"}, {Do: "save a call", Day: 3}},
	// A file that somebody deletes, and one that a loss of power empties.
	{{Do: "save a call", Day: 1}, {Do: "refresh"}, {Do: "pass"}, {Do: "lose a file", Day: 1}},
	{{Do: "save a call", Day: 1}, {Do: "refresh"}, {Do: "pass"}, {Do: "lose a file", Day: 1, Content: 1}},
	// A writer that began first and ends last, while others are refreshed and copied.
	{
		{Do: "begin"}, {Do: "save a call", Day: 2}, {Do: "save a call", Writer: 1, Day: 2, Row: 1}, {Do: "refresh"},
		{Do: "pass"}, {Do: "end"},
	},
}

// An act is something that a writer does, the export, or an administrator.
type act struct {
	Do      string
	Writer  int // of two
	Tenant  int // of two
	Row     int
	Day     int
	Content int
}

var acts = []string{
	"save a call", "save a call", "save a call", "save a call", "save a record", "save a record", "delete a call",
	"block", "begin", "end", "end", "undo", "refresh", "refresh", "pass", "pass", "break a pass",
	"kill a pass", "lose a file", "settle days", "edit a list", "prune", "back up", "restore", "promote",
}

func drawAct(r *rapid.T) act {
	return act{
		Do:      rapid.SampledFrom(acts).Draw(r, "do"),
		Writer:  rapid.IntRange(0, 1).Draw(r, "writer"),
		Tenant:  rapid.IntRange(0, 1).Draw(r, "tenant"),
		Row:     rapid.IntRange(0, 4).Draw(r, "row"),
		Day:     rapid.IntRange(0, worldDays-1).Draw(r, "day"),
		Content: rapid.IntRange(0, 9).Draw(r, "content"),
	}
}
