package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// A selection is what --tenant and --endpoint choose: all, where they are not
// given.
type selection struct {
	tenant   string // name or id
	endpoint string
}

// selectFlags adds --tenant and --endpoint.
func selectFlags(cmd *cobra.Command) *selection {
	s := &selection{}
	s.tenantFlag(cmd)
	cmd.Flags().Var((*choice)(&s.endpoint), "endpoint", "only this endpoint (default all)")
	complete(cmd, "endpoint", func(*cobra.Command) []string { return endpointNames() })
	return s
}

// tenantFlag adds --tenant.
func (s *selection) tenantFlag(cmd *cobra.Command) {
	cmd.Flags().Var((*choice)(&s.tenant), "tenant", "only this tenant, by name or id (default all)")
	complete(cmd, "tenant", tenantNames)
}

// oneTenantFlag adds --tenant to a verb that is about one.
func (s *selection) oneTenantFlag(cmd *cobra.Command) {
	s.tenantFlag(cmd)
	cmd.Flag("tenant").Usage = "the tenant, by name or id (default the only one)"
}

// A choice is the value of a flag that narrows what a command does. An empty one, as of a
// variable of a script that is not set, is refused: it would stand for all.
type choice string

func (c *choice) String() string { return string(*c) }
func (c *choice) Type() string   { return "string" }
func (c *choice) Set(text string) error {
	if text == "" {
		return errors.New("it is empty; leave the flag out for the default")
	}
	*c = choice(text)
	return nil
}

// choiceFlag adds a flag whose value is a choice.
func choiceFlag(cmd *cobra.Command, name, usage string) *string {
	var c choice
	cmd.Flags().Var(&c, name, usage)
	return (*string)(&c)
}

func endpointNames() []string {
	var names []string
	for _, e := range fetch.Endpoints {
		names = append(names, e.Name)
	}
	return names
}

// tenantNames are the names of the configured tenants, as far as the
// configuration can be read.
func tenantNames(cmd *cobra.Command) []string {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil
	}
	c, err := config.Load(path, os.Getenv, bounds())
	if err != nil {
		return nil
	}
	return namesOf(c)
}

func namesOf(c *config.Config) []string {
	var names []string
	for _, t := range c.Tenants {
		names = append(names, t.Name)
	}
	return names
}

// of is the selection as the database knows it. A tenant that is no longer
// configured goes by its id.
func (s *selection) of(c *config.Config) (store.Selection, error) {
	var chosen store.Selection
	if s.endpoint != "" && !slices.Contains(endpointNames(), s.endpoint) {
		return chosen, errUsage("--endpoint takes one of: " + strings.Join(endpointNames(), ", "))
	}
	chosen.Endpoint = s.endpoint
	if s.tenant == "" {
		return chosen, nil
	}
	id := s.tenant
	if i := slices.IndexFunc(c.Tenants, s.names); i >= 0 {
		id = c.Tenants[i].ID
	}
	tenant, err := uuid.Parse(id)
	if err != nil {
		return chosen, unknownTenant(c)
	}
	chosen.Tenant = &tenant
	return chosen, nil
}

// tenants are those that are chosen, of the configured ones.
func (s *selection) tenants(c *config.Config) ([]config.Tenant, error) {
	if s.tenant == "" {
		return c.Tenants, nil
	}
	if i := slices.IndexFunc(c.Tenants, s.names); i >= 0 {
		return c.Tenants[i : i+1], nil
	}
	return nil, unknownTenant(c)
}

// one is the tenant that is chosen, or the only one.
func (s *selection) one(c *config.Config) (config.Tenant, error) {
	chosen, err := s.tenants(c)
	if err != nil || len(chosen) != 1 {
		return config.Tenant{}, unknownTenant(c)
	}
	return chosen[0], nil
}

// tenantID is the id of a configured tenant. That it is a GUID was checked when the
// configuration was loaded.
func tenantID(t config.Tenant) uuid.UUID { return uuid.MustParse(t.ID) }

// unknownTenant refuses a tenant that is not in the configuration.
func unknownTenant(c *config.Config) error {
	return errUsage("--tenant takes one of: " + some(namesOf(c)))
}

// names reports whether the selection names a tenant.
func (s *selection) names(t config.Tenant) bool {
	return s.tenant == t.Name || strings.EqualFold(s.tenant, t.ID)
}

// jobs are the jobs that are chosen.
func (s *selection) jobs(a *app) ([]*schedule.Job, error) {
	chosen, err := s.of(a.config)
	if err != nil {
		return nil, err
	}
	jobs, err := a.jobs()
	return slices.DeleteFunc(jobs, func(j *schedule.Job) bool { return !chosen.Has(j.Tenant, j.Endpoint.Name) }), err
}

// tenantName is what the configuration calls a tenant; its id if it is not in it.
func (a *app) tenantName(id uuid.UUID) string {
	for _, t := range a.config.Tenants {
		if strings.EqualFold(t.ID, id.String()) && t.Name != "" {
			return t.Name
		}
	}
	return id.String()
}

// complete makes the shell complete a flag.
func complete(cmd *cobra.Command, flag string, words func(*cobra.Command) []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, completing(words)) // it fails only for a flag that is not there
}

// completing completes with words, and never with files.
func completing(words func(*cobra.Command) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return words(cmd), cobra.ShellCompDirectiveNoFileComp
	}
}
