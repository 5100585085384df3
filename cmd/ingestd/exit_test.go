package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	denied, throttled := &fetch.Error{Kind: fetch.Denied}, &fetch.Error{Kind: fetch.Throttled}
	refused := &fetch.Error{Kind: fetch.Refused}
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
		{"configuration", &config.Error{Faults: []string{"a fault"}}, 78},
		{"schema", fmt.Errorf("%w: run migrate", store.ErrNotMigrated), 78},
		{"contradiction in the configuration", errConfig("settle above reach"), 78},
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

// A supervisor starts a daemon again whatever ended it, but for its configuration. A crash ends a program of Go with 2.
func TestUnitStartsAgain(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile("../../deploy/ingestd.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Restart=always", fmt.Sprintf("RestartPreventExitStatus=%d", exitConfig)} {
		if !strings.Contains(string(unit), "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
	if exitConfig == 2 {
		t.Error("a crash would pass for a mistake in the configuration")
	}
}

// What every kind of fault means for the exit code of once and backfill.
func TestExitCodeOfOutcomes(t *testing.T) {
	t.Parallel()
	job := &schedule.Job{Endpoint: fetch.Endpoint{Name: "pstn_calls"}}
	answered := func(kind fetch.Kind, status int) error { return &fetch.Error{Kind: kind, Status: status} }
	jumped := &fetch.Error{Kind: fetch.Refused, Err: fetch.ErrClockJump}
	some, all := schedule.Report{Windows: 3, Failed: 1}, schedule.Report{Windows: 3, Failed: 3}
	for name, test := range map[string]struct {
		report schedule.Report
		stands health.Endpoint
		err    error
		want   int
	}{
		"all went well":               {report: schedule.Report{Windows: 3}, want: exitOK},
		"some windows failed":         {report: some, err: answered(fetch.Transient, 500), want: exitDegraded},
		"all windows failed":          {report: all, err: answered(fetch.Transient, 500), want: exitFailed},
		"no answer at all":            {err: &fetch.Error{Kind: fetch.Transient}, want: exitFailed},
		"throttled for long":          {report: all, err: answered(fetch.Throttled, 429), want: exitDegraded},
		"denied by Graph or Entra":    {report: all, err: answered(fetch.Denied, 403), want: exitDenied},
		"refused":                     {report: some, err: answered(fetch.Refused, 400), want: exitFailed},
		"Graph's clock jumped":        {report: all, err: jumped, want: exitFailed},
		"database lost":               {report: all, err: &store.Error{Kind: store.Transient}, want: exitFailed},
		"told to stop":                {report: some, err: context.Canceled, want: exitInterrupted},
		"something lost":              {stands: health.Endpoint{Lost: 3600}, want: exitDegraded},
		"a record lost":               {stands: health.Endpoint{LostRecords: 1}, want: exitDegraded},
		"something parked":            {stands: health.Endpoint{ParkedSlots: 1}, want: exitDegraded},
		"something still due":         {report: schedule.Report{Due: 1}, want: exitDegraded},
		"some could only be kept raw": {stands: health.Endpoint{OpenRejects: 5}, want: exitDegraded},
		"records without details":     {report: schedule.Report{Details: 3, DetailsFailed: 2}, want: exitDegraded},
		"another works on the tenant": {err: fmt.Errorf("tenant contoso: %w", store.ErrLocked), want: exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := outcome{job: job, report: test.report, stands: test.stands, err: test.err}
			if got := exitCode(worst([]outcome{{job: job}, o})); got != test.want {
				t.Errorf("exit code %d, want %d", got, test.want)
			}
		})
	}
}

// One cause is told once for each tenant, however many endpoints meet it, and
// with the command that tells more.
func TestOneCauseIsToldOnce(t *testing.T) {
	t.Parallel()
	of := func(tenant, endpoint string, err error) outcome {
		return outcome{job: &schedule.Job{Name: tenant, Endpoint: fetch.Endpoint{Name: endpoint}}, err: err}
	}
	refused := func(id string) error {
		return &fetch.Error{
			Kind: fetch.Denied, What: "access token", Status: 401, Code: "invalid_client",
			RequestID: id, Hint: "renew it",
		}
	}
	locked := fmt.Errorf("%w: by ingestd", store.ErrLocked)
	for name, test := range map[string]struct {
		outcomes []outcome
		want     string
	}{
		"one refusal": {
			[]outcome{of("fabrikam", "pstn_calls", refused("1"))},
			"fabrikam: access token: denied: 401 Unauthorized: invalid_client (request-id 1); renew it; " +
				"see: ingestd doctor --tenant fabrikam",
		},
		"the same of several endpoints and tenants": {
			[]outcome{
				of("fabrikam", "pstn_calls", refused("1")), of("fabrikam", "sms_messages", refused("2")),
				of("fabrikam", "call_records", refused("3")), of("contoso", "call_records", refused("4")),
			},
			"fabrikam (3 endpoints): access token: denied: 401 Unauthorized: invalid_client (request-id 1); " +
				"renew it; see: ingestd doctor --tenant fabrikam\n" +
				"contoso: access token: denied: 401 Unauthorized: invalid_client (request-id 4); renew it; " +
				"see: ingestd doctor --tenant contoso",
		},
		"a tenant that another works on": {
			[]outcome{of("contoso", "pstn_calls", locked), of("contoso", "sms_messages", locked)},
			"contoso: " + locked.Error() + "; what is due is left to that one; see: ingestd status",
		},
		"two causes": {
			[]outcome{
				of("contoso", "pstn_calls", errors.New("disk full")),
				of("contoso", "sms_messages", errors.New("disk full")),
				of("contoso", "call_records", errDegraded("part of it cannot be read")),
			},
			"contoso pstn_calls, sms_messages: disk full\ncontoso call_records: part of it cannot be read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := worst(test.outcomes).Error(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// The result is what ingest.runs calls it, too.
func TestOutcomeInAWord(t *testing.T) {
	t.Parallel()
	job := &schedule.Job{Endpoint: fetch.Endpoint{Name: "pstn_calls"}}
	for want, o := range map[string]outcome{
		"ok":             {},
		"denied":         {err: &fetch.Error{Kind: fetch.Denied}},
		"throttled":      {err: &fetch.Error{Kind: fetch.Throttled}},
		"failed":         {err: &fetch.Error{Kind: fetch.Refused}},
		"stopped":        {err: context.Canceled},
		"locked":         {err: store.ErrLocked},
		"failed in part": {err: &fetch.Error{Kind: fetch.Transient}, report: schedule.Report{Windows: 3, Failed: 1}},
		"lost 25 h":      {stands: health.Endpoint{Lost: 25 * 3600}},
	} {
		o.job = job
		if got := o.word(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
