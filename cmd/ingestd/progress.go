package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ingestd/internal/schedule"
)

// follow tells how jobs get on, and that a signal was heard, until stop is
// called.
func follow(cmd *cobra.Command, jobs []*schedule.Job) (stop func()) {
	done := showProgress(cmd.ErrOrStderr(), jobs)
	unheard := context.AfterFunc(cmd.Context(), func() {
		fmt.Fprintln(
			cmd.ErrOrStderr(),
			"ingestd: stopping; what is being stored is stored first, and the rest is read next time",
		)
	})
	return func() { unheard(); done() }
}

// showProgress tells how jobs get on until stop is called: a line that changes
// on a terminal, and a new line every ten seconds elsewhere.
func showProgress(out io.Writer, jobs []*schedule.Job) (stop func()) {
	file, ok := out.(*os.File)
	bar := ok && term.IsTerminal(int(file.Fd()))
	every := 10 * time.Second
	if bar {
		every = 200 * time.Millisecond
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				if bar {
					fmt.Fprint(out, "\r\x1b[K")
				}
				return
			case <-ticker.C:
				printProgress(out, jobs, bar)
			}
		}
	}()
	return func() { close(done); <-ended }
}

func printProgress(out io.Writer, jobs []*schedule.Job, bar bool) {
	var parts []string
	for _, j := range jobs {
		if p, ok := j.Progress(); ok {
			parts = append(parts, j.Endpoint.Name+" "+progressText(p, bar))
		}
	}
	switch {
	case len(parts) == 0:
	case bar:
		fmt.Fprint(out, "\r\x1b[K"+strings.Join(parts, "   "))
	default:
		for _, part := range parts {
			fmt.Fprintln(out, part)
		}
	}
}

// progressText is one run's progress in words, with a bar on a terminal.
func progressText(p schedule.Progress, bar bool) string {
	text := fmt.Sprintf(
		"%d of %d slots, %d rows, %.0f rows/s",
		p.SlotsRead,
		p.Slots,
		p.Rows,
		float64(p.Rows)/p.Took.Seconds(),
	)
	if p.Details > 0 {
		text += fmt.Sprintf(", %d call records with details, %.0f/s", p.Details, float64(p.Details)/p.Took.Seconds())
	}
	if bar && p.Slots > 0 {
		const width = 20
		full := width * p.SlotsRead / p.Slots
		text = "[" + strings.Repeat("=", full) + strings.Repeat(" ", width-full) + "] " + text
	}
	switch {
	case p.Waiting > 0:
		text += fmt.Sprintf(", waiting for Graph %.0f s (429)", p.Waiting.Seconds())
	case p.SlotsRead > 0 && p.SlotsRead < p.Slots:
		left := time.Duration(float64(p.Took) / float64(p.SlotsRead) * float64(p.Slots-p.SlotsRead))
		text += ", " + left.Round(time.Second).String() + " left"
	}
	return text
}
