package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"go.uber.org/zap"
	"golang.org/x/term"

	"ingestd/internal/health"
	"ingestd/internal/schedule"
)

// A work is the reading of an endpoint that is followed.
type work struct {
	tenant, endpoint string
	slot             time.Duration
	pending          int                              // call records whose details were to be stored before it began
	progress         func() (schedule.Progress, bool) // false: it has not begun, or has ended
}

// worksOf are the works of jobs, as they stood before.
func worksOf(jobs []*schedule.Job, before health.Snapshot) []work {
	var works []work
	for _, j := range jobs {
		pending := endpointOf(before, j.Name, j.Endpoint.Name).PendingRecords
		works = append(works, work{j.Name, j.Endpoint.Name, j.Policy.Slot, pending, j.Progress})
	}
	return works
}

// hush writes no log to a terminal, where the progress would be torn by it: what
// matters of it is told in the end, and the rest by gaps and runs.
func (a *app) hush(cmd *cobra.Command) {
	if isTerminal(cmd.ErrOrStderr()) {
		a.log = zap.NewNop()
	}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// follow tells how works get on, and that a signal was heard, until stop is
// called. What else is to be told meanwhile is written to say, line by line.
func follow(cmd *cobra.Command, works []work) (say io.Writer, stop func()) {
	say, done := showProgress(cmd.ErrOrStderr(), works)
	unheard := context.AfterFunc(cmd.Context(), func() {
		fmt.Fprintln(say, "ingestd: stopping; what is being stored is stored first, and the rest is read next time")
	})
	return say, func() { unheard(); done() }
}

// tellEvery is how often it is told how long work gets on, where no line is drawn anew.
const tellEvery = 10 * time.Second

// seldom returns a function that reports whether it is time to tell how work gets on.
func seldom() (isDue func() bool) {
	told := time.Now()
	return func() bool {
		if time.Since(told) < tellEvery {
			return false
		}
		told = time.Now()
		return true
	}
}

// showProgress tells how works get on until stop is called: on a terminal a line
// for each endpoint, and elsewhere what they say every ten seconds.
func showProgress(out io.Writer, works []work) (say io.Writer, stop func()) {
	if isTerminal(out) {
		return drawProgress(out, works)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				printProgress(out, works)
			}
		}
	}()
	return out, func() { close(done); <-ended }
}

// printProgress prints a line for each endpoint at work.
func printProgress(out io.Writer, works []work) {
	for _, w := range works {
		if p, ok := w.progress(); ok {
			fmt.Fprintf(out, "%s %s: %s\n", w.tenant, w.endpoint, strings.Join(w.parts(p), ", "))
		}
	}
}

// drawProgress draws a line for each endpoint and takes them away in the end.
func drawProgress(out io.Writer, works []work) (say io.Writer, stop func()) {
	lines := mpb.New(mpb.WithOutput(out), mpb.WithAutoRefresh())
	var bars []*mpb.Bar
	for i, label := range labels(works) {
		line := func(to io.Writer, s decor.Statistics) error {
			_, err := io.WriteString(to, progressLine(label, works[i], s.AvailableWidth))
			return err
		}
		if bar, err := lines.Add(1, mpb.BarFillerFunc(line), mpb.BarFillerTrim()); err == nil {
			bars = append(bars, bar)
		}
	}
	return lines, func() {
		for _, bar := range bars {
			bar.Abort(true)
		}
		lines.Wait()
	}
}

// labels are the names of the endpoints, in two columns.
func labels(works []work) []string {
	var tenant, endpoint int
	for _, w := range works {
		tenant = max(tenant, runewidth.StringWidth(w.tenant))
		endpoint = max(endpoint, runewidth.StringWidth(w.endpoint))
	}
	var list []string
	for _, w := range works {
		list = append(list, runewidth.FillRight(w.tenant, tenant)+gutter+runewidth.FillRight(w.endpoint, endpoint))
	}
	return list
}

// progressLine is how one endpoint gets on, cut to a width.
func progressLine(label string, w work, width int) string {
	line := label
	if p, ok := w.progress(); ok {
		parts := append([]string{label, w.bar(p)}, w.parts(p)...)
		line = strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), gutter)
	}
	return runewidth.Truncate(line, width, "…")
}

// bar shows how much of the work is done.
func (w work) bar(p schedule.Progress) string {
	const width = 12
	done, all := w.share(p)
	if all == 0 {
		return ""
	}
	full := int(min(float64(width), width*done/all))
	return strings.Repeat("=", full) + strings.Repeat("-", width-full)
}

// parts are a run's progress in a few words.
func (w work) parts(p schedule.Progress) []string {
	unit, n, noun := "d", p.Rows, "rows"
	if w.slot < day {
		unit = "h"
	}
	if w.records(p) > 0 {
		n, noun = p.Details, "records"
	}
	parts := []string{health.Number(n) + " " + noun}
	if p.Slots > 0 {
		slots := fmt.Sprintf("%s of %s %s", health.Number(p.SlotsRead), health.Number(p.Slots), unit)
		parts = append([]string{slots}, parts...)
	}
	if p.Took > 0 {
		parts = append(parts, fmt.Sprintf("%.1f/s", float64(n)/p.Took.Seconds()))
	}
	if p.Waiting > 0 {
		return append(parts, "Graph lets it wait "+health.ShortUp(p.Waiting)+" (429)")
	}
	if left, known := w.timeLeft(p); known {
		parts = append(parts, health.ShortUp(left)+" left")
	}
	return parts
}

// estimateAfter is how long a run is at work before it is told how long it takes
// yet.
const estimateAfter = 5 * time.Second

// timeLeft is how long a run takes yet at the pace it had; known is false while
// that is not yet to be told.
func (w work) timeLeft(p schedule.Progress) (left time.Duration, known bool) {
	done, all := w.share(p)
	if p.Took < estimateAfter || done == 0 {
		return 0, false
	}
	return time.Duration(float64(p.Took) * max(0, all-done) / done), all > done
}

// share is how much of the work is done: of call records, where their details
// take the time, else of slots.
func (w work) share(p schedule.Progress) (done, all float64) {
	if records := w.records(p); records > 0 {
		return float64(p.Details), float64(records)
	}
	return float64(p.SlotsRead), float64(p.Slots)
}

// records are the call records whose details are to be stored.
func (w work) records(p schedule.Progress) int64 { return int64(w.pending) + p.Named }
