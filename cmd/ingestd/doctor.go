package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/doctor"
	"ingestd/internal/fetch"
)

func newDoctor() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out what is wrong, and what to do about it",
		Long: `doctor examines the configuration, the database, the daemon, each tenant and what
is about to be lost, and says below each failure what to do. It asks Entra for one
token a tenant and Graph for a few rows an endpoint, and changes nothing. What it
cannot check because of another failure is marked skip.`,
		Example: `  ingestd doctor
  ingestd doctor --tenant contoso
  ingestd doctor --offline -o json`,
		Args: cobra.NoArgs,
	}
	output, chosen := outputFlag(cmd), &selection{}
	chosen.tenantFlag(cmd)
	offline := cmd.Flags().Bool("offline", false, "ask neither Entra nor Graph")
	exitTable(cmd, exitCodes{
		exitOK:       "nothing is wrong",
		exitUsage:    "a mistake on the command line, or a configuration that cannot be read",
		exitDegraded: "something is wrong",
		exitDenied:   "Entra or Graph denies access",
		exitConfig:   "",
		exitFailed:   "",
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		a, err := open(cmd)
		if err != nil {
			return errUsage(err.Error()) // the one verb that examines it
		}
		defer a.db.Close()
		tenants, err := chosen.tenants(a.config)
		if err != nil {
			return err
		}
		hub, err := a.eventHub(a.hastyClient)
		if err != nil {
			return err
		}
		s := doctor.Subject{
			Config: a.config, Tenants: tenants, DB: a.db, Client: a.hastyClient, Clouds: doctor.Clouds, Hub: hub,
			Offline: *offline, Now: time.Now(),
			Erased: func(ctx context.Context, t config.Tenant) error {
				_, err := a.eraser(ctx, t)
				return err
			},
		}
		findings := s.Examine(cmd.Context())
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		if output.json() {
			err = printJSON(cmd.OutOrStdout(), findings)
		} else {
			_, err = io.WriteString(cmd.OutOrStdout(), render(findings))
		}
		return errors.Join(err, exitWith(doctor.ExitCode(findings)))
	}
	return cmd
}

func (a *app) hastyClient(t config.Tenant) (*fetch.Client, error) {
	options, err := a.graphOptions(t)
	if err != nil {
		return nil, err
	}
	options.Hasty = true
	return fetch.New(options)
}

const statusWidth = 6

// render writes a line a finding; below it, indented, evidence and fix.
func render(findings []doctor.Finding) string {
	width := len("retention")
	for _, f := range findings {
		width = max(width, utf8.RuneCountInString(f.Area))
	}
	width += 2
	var text strings.Builder
	area := ""
	write := func(label, status, what string) {
		for _, line := range strings.Split(wrap(what, "", maxWidth-width-statusWidth), "\n") {
			fmt.Fprintf(&text, "%-*s%-*s%s\n", width, label, statusWidth, status, line)
			label, status = "", ""
		}
	}
	for _, f := range findings {
		label := f.Area
		if label == area {
			label = ""
		}
		area = f.Area
		write(label, word(f.Status), f.What)
		if f.Evidence != "" {
			for _, line := range strings.Split(string(f.Evidence), "\n") {
				write("", "", line)
			}
		}
		for i, fix := range f.Fix {
			write("", map[bool]string{true: "fix"}[i == 0], fix)
		}
	}
	return text.String() + summary(findings)
}

// word is a status as a person reads it: a failure stands out.
func word(s doctor.Status) string {
	if s == doctor.Fail {
		return "FAIL"
	}
	return string(s)
}

func summary(findings []doctor.Finding) string {
	problems := doctor.Problems(findings)
	switch len(problems) {
	case 0:
		return "No problem found.\n"
	case 1:
		return "1 problem. First: " + problems[0].First + ".\n"
	}
	return fmt.Sprintf("%d problems. First: %s.\n", len(problems), problems[0].First)
}
