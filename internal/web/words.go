package web

import "ingestd/internal/health"

// A look is how something stands out: the class of its colour, and its glyph.
// Each differs from the others by shape as well.
type look struct{ Class, Glyph, Word string }

// levels are how verdicts and problems look.
var levels = map[health.Level]look{
	health.ActNow:       {"bad", "warning", "Act now"},
	health.Lost:         {"bad", "cross", "Lost"},
	health.ActSoon:      {"warn", "clock", "Act soon"},
	health.Wait:         {"busy", "glass", "Heals by itself"},
	health.FirstReading: {"busy", "forward", "First reading"},
	health.Safe:         {"ok", "check", "Safe"},
}

func lookOf(l health.Level) look {
	if found, ok := levels[l]; ok {
		return found
	}
	return look{"warn", "clock", spaced(l)}
}

// A stateWord is a state, how it looks and what it means.
type stateWord struct {
	State health.State
	look
	Meaning string
}

// states are all states, in the order in which their meaning is told.
var states = []stateWord{
	{health.OnTime, look{"ok", "check", "on time"}, "All that was due has been read."},
	{health.CatchingUp, look{"busy", "forward", "catching up"}, "Reading works, and is not done yet."},
	{health.Late, look{"warn", "clock", "late"}, "A run failed or is overdue. It is tried again by itself."},
	{health.Throttled, look{"warn", "glass", "throttled"}, "Graph asked for a pause, which is kept."},
	{health.Denied, look{"bad", "barred", "denied"}, "Entra or Graph refuses access. A person has to change that."},
	{health.Down, look{"bad", "cross", "down"}, "Three runs failed or were missed in a row. A person has to look."},
	{health.Never, look{"off", "ring", "never"}, "Switched on, and nothing read yet."},
	{health.Paused, look{"off", "bars", "paused"},
		"Switched off in the configuration. What Microsoft deletes meanwhile is gone."},
	{health.Removed, look{"off", "minus", "removed"}, "No longer in the configuration. Its rows are kept."},
}

func stateOf(s health.State) look {
	for _, known := range states {
		if known.State == s {
			return known.look
		}
	}
	return look{"warn", "clock", spaced(s)}
}

// columnWords are what the board's columns mean.
var columnWords = []struct{ Word, Meaning string }{
	{"complete until", "Before this time nothing is missing, and nothing changes any more."},
	{"safe for",
		"If reading stopped now, Microsoft would delete the first thing that is not stored for good after this long."},
}

// flags are how flags look.
var flags = map[health.Flag]string{
	health.FlagLost: "is-bad", health.FlagExpiring: "is-bad",
	health.FlagParked: "is-warn", health.FlagRejects: "is-warn",
}
