package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
)

// A standing is how one endpoint stands, as status prints it.
type standing struct {
	Tenant        string     `json:"tenant"`
	Endpoint      string     `json:"endpoint"`
	State         string     `json:"state"`
	Flags         []string   `json:"flags"`
	CompleteUntil *time.Time `json:"complete_until"`
	Pending       int        `json:"pending"`
	NextDueAt     *time.Time `json:"next_due_at"`
	Failures      int        `json:"failures"`
	LastError     *string    `json:"last_error"`
}

func newStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how every endpoint stands",
		Long: `status prints, from the database alone, the state of every endpoint, until when it
is complete, how many call records are listed and have no details yet (pending),
and what is wrong with it. Flags: lost (something left Microsoft's retention
unread, and nobody has acknowledged it), parked (something cannot be read and is
tried daily), rejects (something could only be kept raw), expiring (something
unread leaves the retention within 48 hours). It exits 3 if anything is amiss.`,
		Args: cobra.NoArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = withApp(func(cmd *cobra.Command, a *app, jobs []*schedule.Job) error {
		snapshot, err := health.Look(cmd.Context(), a.config, a.db, time.Now())
		if err != nil {
			return err
		}
		states := map[string]health.State{}
		for _, t := range snapshot.Tenants {
			for _, e := range t.Endpoints {
				states[t.Name+" "+e.Name] = e.State
			}
		}
		var list []standing
		amiss := 0
		for _, j := range jobs {
			s, err := j.Survey(cmd.Context(), time.Now())
			if err != nil {
				return err
			}
			list = append(list, stand(j, s, states[j.Name+" "+j.Endpoint.Name]))
			if list[len(list)-1].amiss() {
				amiss++
			}
		}
		columns := []string{
			"tenant",
			"endpoint",
			"state",
			"flags",
			"complete until (utc)",
			"pending",
			"next due (utc)",
			"failures",
			"last error",
		}
		if err := emit(cmd, *output, list, columns, standing.row); err != nil || amiss == 0 {
			return err
		}
		return errDegraded(
			fmt.Sprintf(
				"%d of %d endpoints need attention; see: ingestd gaps, ingestd rejects, ingestd runs",
				amiss,
				len(jobs),
			),
		)
	})
	return cmd
}

func stand(j *schedule.Job, s schedule.Survey, state health.State) standing {
	st := standing{Tenant: j.Name, Endpoint: j.Endpoint.Name, State: "never", Flags: []string{}}
	if s.Known {
		st.State, st.CompleteUntil, st.NextDueAt, st.Failures, st.LastError = string(state), &s.Watermark, s.State.NextDueAt, s.State.Failures, s.State.LastError
		st.Pending = s.Pending
	}
	if !j.Enabled {
		st.State = "paused"
	}
	if len(s.Lost)+len(s.RecordsLost) > 0 {
		st.Flags = append(st.Flags, "lost")
	}
	if len(s.Parked)+len(s.RecordsParked) > 0 {
		st.Flags = append(st.Flags, "parked")
	}
	if s.Rejects > 0 {
		st.Flags = append(st.Flags, "rejects")
	}
	if len(s.Expiring)+s.RecordsSoon > 0 {
		st.Flags = append(st.Flags, "expiring")
	}
	return st
}

func (s standing) amiss() bool {
	return len(s.Flags) > 0 || slices.Contains([]string{"late", "throttled", "denied", "down"}, s.State)
}

func (s standing) row() []string {
	until, next := "-", "-"
	if s.CompleteUntil != nil {
		until = minute(*s.CompleteUntil)
	}
	if s.NextDueAt != nil {
		next = minute(*s.NextDueAt)
	}
	return []string{
		s.Tenant,
		s.Endpoint,
		s.State,
		strings.Join(s.Flags, ","),
		until,
		fmt.Sprint(s.Pending),
		next,
		fmt.Sprint(s.Failures),
		orDash(s.LastError),
	}
}

// withJobs runs a verb with a database of this program's schema and the
// configured jobs.
func withJobs(verb func(*cobra.Command, []*schedule.Job) error) func(*cobra.Command, []string) error {
	return withApp(func(cmd *cobra.Command, _ *app, jobs []*schedule.Job) error { return verb(cmd, jobs) })
}

// withApp runs a verb that needs configuration or database as well.
func withApp(verb func(*cobra.Command, *app, []*schedule.Job) error) func(*cobra.Command, []string) error {
	return withSchema(func(cmd *cobra.Command, a *app) error {
		jobs, err := a.jobs()
		if err != nil {
			return err
		}
		return verb(cmd, a, jobs)
	})
}

// endpointFlag adds --endpoint, checked against the endpoints there are.
func endpointFlag(cmd *cobra.Command) func() (string, error) {
	name := cmd.Flags().String("endpoint", "", "only this endpoint (default all)")
	return func() (string, error) {
		var known []string
		for _, e := range fetch.Endpoints {
			known = append(known, e.Name)
			if e.Name == *name {
				return *name, nil
			}
		}
		if *name == "" {
			return "", nil
		}
		return "", errUsage("--endpoint takes one of: " + strings.Join(known, ", "))
	}
}
