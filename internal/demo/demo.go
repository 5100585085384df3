// Package demo sets a stage for the real daemon: a private PostgreSQL, a
// simulated tenant and a configuration file that joins them. It knows the
// questions an analyst may ask of the outcome. It must not know how the daemon
// works.
package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ingestd/internal/graphsim"
	"ingestd/internal/pgserver"
)

// Options shape the simulated company.
type Options struct {
	Seed          int64
	Users         int
	CallsPerDay   int
	RecordsPerDay int // call records
}

// limitFactor is how many times the published limits the simulated tenant
// allows, so that nobody has to wait for a demo.
const limitFactor = 10

// A Stage is what the daemon needs to run, alive until Close.
type Stage struct {
	// Config is the path of the configuration file.
	Config string
	// LimitFactor is how many times Graph's published limits are allowed here.
	LimitFactor int

	dir      string
	postgres *pgserver.Server
	tenant   *graphsim.Server
}

// Open starts PostgreSQL and the simulated tenant, both reachable from this
// machine only, and writes the configuration to a private temporary folder.
func Open(ctx context.Context, o Options) (*Stage, error) {
	s := &Stage{LimitFactor: limitFactor}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stage) open(ctx context.Context, o Options) (err error) {
	if s.dir, err = os.MkdirTemp("", "ingestd-demo-"); err != nil {
		return err
	}
	if s.tenant, err = graphsim.Start(graphsim.Config{
		Seed: o.Seed, Users: o.Users, CallsPerDay: o.CallsPerDay, RecordsPerDay: o.RecordsPerDay,
		LimitFactor: limitFactor,
	}); err != nil {
		return err
	}
	if s.postgres, err = pgserver.Start(ctx, pgserver.Options{}); err != nil {
		return err
	}
	return s.configure()
}

func (s *Stage) configure() error {
	file := func(name string) string { return filepath.Join(s.dir, name) }
	s.Config = file("config.yaml")
	for name, content := range map[string]string{
		"ca.pem": string(s.tenant.CAPEM()),
		"secret": graphsim.ClientSecret,
		"config.yaml": fmt.Sprintf(`database: {url: %q}
tenants:
  - id: %q
    name: simulated
    cloud: custom
    graph_url: %q
    login_url: %q
    ca_file: %q
    auth: {client_id: %q, client_secret_file: %q}
    limits: {call_records: %d/20s, list: %d/20s, record: %d/20s, logs: %d/60s, log_function: %d/60s}
log: {level: warn, format: console}
`, s.DatabaseURL(), graphsim.TenantID, s.tenant.GraphURL(), s.tenant.LoginURL(), file("ca.pem"),
			graphsim.ClientID, file("secret"),
			1500*limitFactor, 40*limitFactor, 40*limitFactor, 200*limitFactor, 50*limitFactor),
	} {
		if err := os.WriteFile(file(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// DatabaseURL is where the rows are.
func (s *Stage) DatabaseURL() string { return s.postgres.URL("postgres") }

// Close stops both servers and removes all they kept.
func (s *Stage) Close() error {
	var errs []error
	if s.tenant != nil {
		errs = append(errs, s.tenant.Close())
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

//go:embed questions/*.sql
var questions embed.FS

// A Question is one an analyst may ask.
type Question struct{ Text, SQL string }

// Questions returns the questions in order: each file's first line is the
// question, the rest its SQL.
func Questions() []Question {
	names, _ := fs.Glob(questions, "questions/*.sql")
	var list []Question
	for _, name := range names {
		content, _ := questions.ReadFile(name)
		first, rest, _ := strings.Cut(string(content), "\n")
		list = append(list, Question{strings.TrimPrefix(first, "-- "), strings.TrimSpace(rest)})
	}
	return list
}
