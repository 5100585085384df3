package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ingestd/internal/catalog"
	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/web"
)

// An app is what most verbs need: configuration, log and database.
type app struct {
	config *config.Config
	log    *zap.Logger
	level  zap.AtomicLevel // of log
	db     *store.DB
	clock  fetch.Clock // of the clients; zero: the machine's

	transports transports // of all tenants

	counters *web.Counters // of what the process does
	server   *web.Server   // of a daemon, unless the configuration has none
}

// open loads the configuration and prepares log and database; it connects to
// nothing yet.
func open(cmd *cobra.Command) (*app, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	return openFile(path, os.Getenv)
}

func openFile(path string, getenv func(string) string) (*app, error) {
	c, err := config.Load(path, getenv, bounds())
	if err != nil {
		return nil, err
	}
	return newApp(c, standardError())
}

// newApp prepares log and database of a configuration.
func newApp(c *config.Config, out zapcore.WriteSyncer) (*app, error) {
	log, level, err := newLog(c.Log, out)
	if err != nil {
		return nil, err
	}
	a := &app{config: c, log: log, level: level, transports: transports{}, counters: web.NewCounters()}
	password, err := a.password()
	if err != nil {
		return nil, err
	}
	if a.db, err = store.Open(c.Database.URL.Reveal(), password); err != nil {
		return nil, errConfig("database.url: " + err.Error())
	}
	a.db.Distribution = store.Distribution{Citus: c.Database.Distribution == "citus", Shards: c.Database.Shards}
	return a, nil
}

// password gives the database's password where it is a token of the first
// tenant's credential, and is nil where the connection string knows it.
func (a *app) password() (store.Password, error) {
	if !a.config.Database.SignsInByEntra() {
		return nil, nil
	}
	t := a.config.Tenants[0]
	client, err := a.client(t)
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
	}
	return func(ctx context.Context) (string, error) { return client.Token(ctx, t.DatabaseScope()) }, nil
}

// bounds tells the configuration what each endpoint allows.
func bounds() []config.Bounds {
	var list []config.Bounds
	for _, e := range fetch.Endpoints {
		list = append(list, config.Bounds{
			Name: e.Name, Reach: e.Reach, Settle: e.Settle, APIs: e.APIs, HasDetails: e.Versioned,
		})
	}
	return list
}

// jobs makes a job for each endpoint of each tenant.
func (a *app) jobs() ([]*schedule.Job, error) {
	var list []*schedule.Job
	budget := schedule.NewBudget()
	for _, t := range a.config.Tenants {
		client, err := a.client(t)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
		}
		policy, err := policyOf(t)
		if err != nil {
			return nil, errConfig(fmt.Sprintf("tenant %s: %v", t.Name, err))
		}
		aged, err := agedOf(t)
		if err != nil {
			return nil, errConfig(fmt.Sprintf("tenant %s: %v", t.Name, err))
		}
		for _, e := range fetch.Endpoints {
			job, err := a.job(t, e, client, budget)
			if err != nil {
				return nil, errConfig(fmt.Sprintf("tenant %s, endpoint %s: %v", t.Name, e.Name, err))
			}
			job.Redactor, job.EraserOf = policy.Redactor(e.Rows), eraserOf(t)
			if job.AgedAfter = a.config.Retention[config.Personal]; job.AgedAfter > 0 {
				job.Aged = aged.Redactor(e.Rows)
			}
			list = append(list, job)
		}
	}
	return list, nil
}

// transports are the connections of tenants, by what they trust.
type transports map[string]*http.Transport

// trusting returns the transport that trusts the authorities of a file, or those
// of the system if none is named.
func (t transports) trusting(caFile string) (*http.Transport, error) {
	if known, ok := t[caFile]; ok {
		return known, nil
	}
	var roots *x509.CertPool
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		roots = x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
	}
	t[caFile] = fetch.NewTransport(roots)
	return t[caFile], nil
}

func (a *app) client(t config.Tenant) (*fetch.Client, error) {
	options, err := a.graphOptions(t)
	if err != nil {
		return nil, err
	}
	return fetch.New(options)
}

// graphOptions says how a tenant is asked.
func (a *app) graphOptions(t config.Tenant) (fetch.Options, error) {
	transport, err := a.transports.trusting(t.CAFile)
	if err != nil {
		return fetch.Options{}, err
	}
	limit := func(r config.Rate) fetch.Limit { return fetch.Limit{Requests: r.Requests, Per: r.Per} }
	return fetch.Options{
		TenantID: t.ID, ClientID: t.Auth.ClientID, Credential: credential(t.Auth),
		GraphURL: t.GraphURL(), LoginURL: t.LoginURL(), Transport: transport, Clock: a.clock, Log: a.log,
		Observer: a.counters.Of(t.Name),
		Limits: fetch.Limits{
			CallRecords: limit(t.Limits.CallRecords), List: limit(t.Limits.List), Record: limit(t.Limits.Record),
			Logs: limit(t.Limits.Logs), LogFunction: limit(t.Limits.LogFunction),
		},
	}, nil
}

// credential is the one that is configured; Load has made sure that it is one.
func credential(a config.Auth) fetch.Credential {
	switch {
	case a.CertificateFile != "":
		return fetch.Certificate(a.Certificate.Read)
	case a.FederatedTokenFile != "":
		return fetch.FederatedToken(a.FederatedToken.Read)
	case a.ManagedIdentity:
		return fetch.ManagedIdentity()
	}
	return fetch.ClientSecret(a.ClientSecret.Read)
}

// policyOf is what becomes of a tenant's personal data; nil: it is kept.
func policyOf(t config.Tenant) (*privacy.Policy, error) { return newPolicy(t, modesByClass(t)) }

// agedOf is what becomes of it past its term.
func agedOf(t config.Tenant) (*privacy.Policy, error) {
	return newPolicy(t, privacy.Aged(modesByClass(t)))
}

func modesByClass(t config.Tenant) map[catalog.Class]privacy.Mode {
	return map[catalog.Class]privacy.Mode{
		catalog.Identity: privacy.Mode(t.Privacy.Identity),
		catalog.Numbers:  privacy.Mode(t.Privacy.Numbers),
		catalog.Location: privacy.Mode(t.Privacy.Location),
		catalog.Text:     privacy.Mode(t.Privacy.FreeText),
	}
}

func newPolicy(t config.Tenant, modes map[catalog.Class]privacy.Mode) (*privacy.Policy, error) {
	return privacy.New(modes, t.Privacy.Key.Reveal(), tenantID(t))
}

// eraserOf makes what keeps out those who were erased of a tenant; nil without a secret.
func eraserOf(t config.Tenant) schedule.EraserOf {
	if t.Privacy.Key.Reveal() == nil {
		return nil
	}
	return func(m *mapping.Model, erased []store.Erased) (*mapping.Eraser, error) {
		e, err := newEraser(t, erased)
		return e.Of(m), err
	}
}

// newEraser knows some persons who were erased of a tenant.
func newEraser(t config.Tenant, erased []store.Erased) (*privacy.Eraser, error) {
	e, err := privacy.NewEraser(t.Privacy.Key.Reveal(), tenantID(t))
	for _, person := range erased {
		if err == nil {
			err = e.Add(person.KnownBy, person.Hash)
		}
	}
	return e, err
}

func (a *app) job(
	t config.Tenant,
	e fetch.Endpoint,
	client *fetch.Client,
	budget *fetch.Budget,
) (*schedule.Job, error) {
	id, err := uuid.Parse(t.ID)
	if err != nil {
		return nil, err
	}
	c := t.Endpoints[e.Name]
	policy := schedule.PolicyOf(e)
	policy.Reach, policy.Settle = c.Reach, c.Settle
	target, err := store.NewTarget(id, e.Name, e.Rows, e.EventTime)
	if err != nil {
		return nil, err
	}
	notifyURL := ""
	if e.Versioned {
		notifyURL = a.config.Notifications.URL()
	}
	return &schedule.Job{
		Tenant: id, Name: t.Name, Cloud: t.Cloud, Endpoint: e, Target: target, Policy: policy,
		StartFrom: c.StartFrom, API: c.API, Enabled: c.Enabled, Schedule: c.Schedule.String(), Next: c.Schedule.Next,
		Client: client, DB: a.db, Log: a.log, Budget: budget, Observer: a.counters.Of(t.Name),
		NotifyURL: notifyURL,
	}, policy.Check()
}
