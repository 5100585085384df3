package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"ingestd/internal/health"
)

// writeStatus prints a snapshot: its verdict, its endpoints and how old it is. Of
// endpoints nothing is known while the database does not answer.
func writeStatus(s screen, snapshot health.Snapshot, wide bool) error {
	fmt.Fprintln(s, verdictText(s, snapshot.Verdict))
	if snapshot.Database.Up {
		if err := statusTable(s, snapshot, wide).write(s, s.columns); err != nil {
			return err
		}
		fmt.Fprintln(s)
	}
	if text := snapshot.RetentionText(); text != "" {
		fmt.Fprintln(s, wrap(text, "", s.width))
	}
	_, err := fmt.Fprintln(s, wrap(asOf(s, snapshot), "", s.width))
	return err
}

// leads are the words before the heading of a verdict that wants something done.
var leads = map[health.Level]string{health.ActNow: "Act now: ", health.ActSoon: "Act soon: "}

// verdictText is a verdict in a few lines: what, why, what to do, and what else.
func verdictText(s screen, v health.Verdict) string {
	heading := leads[v.Level] + v.Heading
	if at := v.FirstLossAt; at != nil && leads[v.Level] != "" {
		heading += " (" + health.Moment(*at, s.now) + ")"
	}
	lines := []string{wrap(sentence(heading), "  ", s.width)}
	if v.Why != "" {
		lines = append(lines, "  "+wrap(sentence(v.Why), "  ", s.width-2))
	}
	lines = append(lines, stepLines(v.Steps, s.width)...)
	if v.Also != "" {
		lines = append(lines, "  "+wrap("Also: "+sentence(v.Also), "  ", s.width-2))
	}
	return strings.Join(lines, "\n") + "\n"
}

// stepLines are numbered steps. A command is never broken; what it does stands
// beside it, or below where there is no room.
func stepLines(steps []health.Step, width int) []string {
	var lines []string
	for i, step := range steps {
		const indent = "     "
		start := fmt.Sprintf("  %d. ", i+1)
		if step.Command == nil {
			lines = append(lines, start+wrap(step.Text, indent, width-len(indent)))
			continue
		}
		beside := start + *step.Command + "      " + step.Text
		switch {
		case step.Text == "":
			lines = append(lines, start+*step.Command)
		case runewidth.StringWidth(beside) <= width:
			lines = append(lines, beside)
		default:
			lines = append(lines, start+*step.Command, indent+wrap(step.Text, indent, width-len(indent)))
		}
	}
	return lines
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// statusTable has a row for each endpoint.
func statusTable(s screen, snapshot health.Snapshot, wide bool) table {
	t := table{columns: []column{
		{name: "tenant"}, {name: "endpoint"}, {name: "state"}, {name: "flags", optional: true},
		{name: "complete until", narrow: 2}, {name: "safe for", right: true}, {name: "next", narrow: 1},
	}}
	if s.color {
		t.columns[2].paint = paintState
	}
	if wide {
		t.columns = append(t.columns, wideColumns...)
	}
	for _, tenant := range snapshot.Tenants {
		for _, e := range tenant.Endpoints {
			row := []string{
				tenant.Name, e.Name, string(e.State), flagsText(e.Flags), s.at(e.CompleteUntil),
				safeFor(e.SafeUntil, snapshot.AsOf), nextText(s, e),
			}
			if wide {
				row = append(row, wideCells(s, e)...)
			}
			t.rows = append(t.rows, row)
		}
	}
	return t
}

// wideColumns are what --wide adds.
var wideColumns = []column{
	{name: "since"}, {name: "last success"}, {name: "failures", right: true}, {name: "unread", right: true},
	{name: "pending", right: true}, {name: "parked", right: true}, {name: "lost", right: true},
	{name: "acknowledged", right: true}, {name: "rejects", right: true}, {name: "last error"},
}

func wideCells(s screen, e health.Endpoint) []string {
	code := "-"
	if e.LastError != nil {
		code = string(e.LastError.Code)
	}
	return []string{
		s.at(e.Since), s.at(e.LastSuccessAt), health.Number(e.Failures), amount(e.Unread, 0),
		health.Number(e.PendingRecords),
		health.Number(e.ParkedSlots + e.ParkedRecords), amount(e.Lost, e.LostRecords),
		amount(e.Acknowledged, e.AcknowledgedRecords), health.Number(e.OpenRejects), code,
	}
}

// amount is a length of time and a number of call records.
func amount(seconds int64, records int) string {
	var parts []string
	if seconds > 0 {
		parts = append(parts, health.ShortUp(time.Duration(seconds)*time.Second))
	}
	if records > 0 {
		parts = append(parts, health.Count(records, "record", "records"))
	}
	if parts == nil {
		return "0"
	}
	return strings.Join(parts, ", ")
}

func flagsText(flags []health.Flag) string {
	words := make([]string, len(flags))
	for i, f := range flags {
		words[i] = string(f)
	}
	return strings.Join(words, ",")
}

func safeFor(until *time.Time, now time.Time) string {
	if until == nil {
		return "-"
	}
	return health.Short(until.Sub(now))
}

// nextText is when the next run is due, or how long the present one takes yet.
func nextText(s screen, e health.Endpoint) string {
	switch {
	case e.Running != nil && e.Running.Left != nil:
		return health.ShortUp(time.Duration(*e.Running.Left)*time.Second) + " left"
	case e.Running != nil:
		return "reading"
	}
	return s.at(e.NextDueAt)
}

// asOf says how old the snapshot is and when the daemon gave its last sign.
func asOf(s screen, snapshot health.Snapshot) string {
	text := "As of " + s.at(&snapshot.AsOf)
	if s.terminal {
		text += " UTC"
	}
	switch {
	case snapshot.Daemon == nil && !snapshot.Database.Up:
		return text + ". Until then nothing is known of the endpoints and the daemon."
	case snapshot.Daemon == nil:
		return text + ". No daemon has ever given a sign."
	}
	return text + fmt.Sprintf(". The daemon on %s gave its last sign %s ago.",
		snapshot.Daemon.Host, health.ShortUp(max(0, snapshot.AsOf.Sub(snapshot.Daemon.HeartbeatAt))))
}

// paintState colours a state: green is well, yellow heals, red does not.
func paintState(state string) string {
	const green, yellow, red, grey = 32, 33, 31, 90
	color := yellow
	switch health.State(state) {
	case health.OnTime:
		color = green
	case health.Denied, health.Down:
		color = red
	case health.Paused, health.Removed, health.Never:
		color = grey
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, state)
}
