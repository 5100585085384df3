package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
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
