package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	denied, throttled, refused := &fetch.Error{Kind: fetch.Denied}, &fetch.Error{Kind: fetch.Throttled}, &fetch.Error{Kind: fetch.Refused}
	lost := errDegraded("a day is lost")
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"success", nil, 0},
		{"anything", errors.New("anything"), 1},
		{"database down", store.ErrUnreachable, 1},
		{"refused by Graph", refused, 1},
		{"command line", errUsage("unknown flag"), 2},
		{"configuration", &config.Error{Faults: []string{"a fault"}}, 2},
		{"schema", fmt.Errorf("%w: run migrate", store.ErrNotMigrated), 2},
		{"throttled", throttled, 3},
		{"lost", lost, 3},
		{"denied", fmt.Errorf("tenant: %w", denied), 4},
		{"interrupted", fmt.Errorf("page: %w", context.Canceled), 130},
		{"of several the most serious", errors.Join(throttled, denied, refused), 4},
		{"a failure is more than a delay", errors.Join(lost, errors.Join(refused, nil)), 1},
		{"an interruption explains the rest", errors.Join(refused, context.Canceled), 130},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := exitCode(c.err); got != c.want {
				t.Errorf("exit code of %v is %d, want %d", c.err, got, c.want)
			}
		})
	}
}

// What every kind of fault means for the exit code of once and backfill.
func TestExitCodeOfOutcomes(t *testing.T) {
	t.Parallel()
	job := &schedule.Job{Endpoint: fetch.Endpoint{Name: "pstn_calls"}}
	day := fetch.Window{From: time.Unix(0, 0), To: time.Unix(86400, 0)}
	for name, test := range map[string]struct {
		report schedule.Report
		err    error
		want   int
	}{
		"all went well":             {schedule.Report{Windows: 3}, nil, exitOK},
		"some windows failed":       {schedule.Report{Windows: 3, Failed: 1}, &fetch.Error{Kind: fetch.Transient, Status: 500}, exitDegraded},
		"all windows failed":        {schedule.Report{Windows: 3, Failed: 3}, &fetch.Error{Kind: fetch.Transient, Status: 500}, exitFailed},
		"no answer at all":          {schedule.Report{}, &fetch.Error{Kind: fetch.Transient}, exitFailed},
		"throttled for long":        {schedule.Report{Windows: 3, Failed: 3}, &fetch.Error{Kind: fetch.Throttled, Status: 429}, exitDegraded},
		"denied by Graph or Entra":  {schedule.Report{Windows: 3, Failed: 3}, &fetch.Error{Kind: fetch.Denied, Status: 403}, exitDenied},
		"refused":                   {schedule.Report{Windows: 3, Failed: 1}, &fetch.Error{Kind: fetch.Refused, Status: 400}, exitFailed},
		"Graph's clock jumped":      {schedule.Report{Windows: 3, Failed: 3}, &fetch.Error{Kind: fetch.Refused, Err: fetch.ErrClockJump}, exitFailed},
		"database lost":             {schedule.Report{Windows: 3, Failed: 3}, &store.Error{Kind: store.Transient}, exitFailed},
		"told to stop":              {schedule.Report{Windows: 3, Failed: 2}, context.Canceled, exitInterrupted},
		"something lost":            {schedule.Report{Lost: []fetch.Window{day}}, nil, exitDegraded},
		"a record lost":             {schedule.Report{Gone: []store.Record{{}}}, nil, exitDegraded},
		"something parked":          {schedule.Report{Parked: 1}, nil, exitDegraded},
		"something still due":       {schedule.Report{Due: 1}, nil, exitDegraded},
		"rejects do not count here": {schedule.Report{Rows: store.Counts{Rejected: 5}}, nil, exitOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := exitCode(worst([]outcome{{job: job}, {job, test.report, test.err}})); got != test.want {
				t.Errorf("exit code %d, want %d", got, test.want)
			}
		})
	}
}
