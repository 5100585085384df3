package health

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// Facts are what a snapshot is made of: the configuration, and what the
// database says of it.
type Facts struct {
	Database Database
	At       time.Time     // the database's clock as it was asked: signs of life are by it
	Daemon   *store.Daemon // the one that gave the last sign; nil: none ever did
	Unknown  []store.UnknownMember
	// When the first row was stored that rollups lack; nil: they lack none.
	StaleSince *time.Time
	Terms      map[string]time.Duration // how long what is kept, as configured
	Tenants    []TenantFacts            // those configured, then those that no longer are
}

// TenantFacts are the facts of one tenant.
type TenantFacts struct {
	Tenant                    // its Endpoints follow from the facts
	App       string          // client id
	Exposed   []string        // files of the credential that others may read, each with what to do
	Daemon    *store.Daemon   // that works on it, or did last; nil: none ever did
	Endpoints []EndpointFacts // in the order of fetch.Endpoints
}

// EndpointFacts are the facts of one endpoint.
type EndpointFacts struct {
	Endpoint   fetch.Endpoint
	Configured bool // false: it is no longer in the configuration
	Enabled    bool
	Policy     schedule.Policy // its origin is that of Standing
	Interval   time.Duration   // between two ticks of its schedule
	Standing   *store.Standing // what the database says; nil: it was never started
}

// Gather puts together what is configured and what a survey found at a time.
func Gather(c *config.Config, s store.Survey, now time.Time) Facts {
	f := Facts{At: s.At, Daemon: s.Daemon, Unknown: s.Unknown, StaleSince: s.StaleSince, Terms: c.Retention}
	f.Database = Database{Up: true, ServerVersion: s.ServerVersion, SchemaVersion: s.SchemaVersion}
	found := map[string]map[string]*store.Standing{} // by tenant and endpoint
	for i, e := range s.Standings {
		id := e.Endpoint.Tenant.String()
		if found[id] == nil {
			found[id] = map[string]*store.Standing{}
		}
		found[id][e.Name] = &s.Standings[i]
	}
	for _, t := range c.Tenants {
		facts := configured(t, found[t.ID], now)
		if c.Notifications.URL() == "" {
			facts.Subscription = nil // it may be one that was made when it was
		}
		f.Tenants = append(f.Tenants, facts)
		delete(found, t.ID)
	}
	for _, e := range s.Standings {
		id := e.Endpoint.Tenant.String()
		if found[id] != nil {
			f.Tenants = append(f.Tenants, removed(e, found[id]))
			delete(found, id)
		}
	}
	return f
}

// configured are the facts of a tenant in the configuration.
func configured(t config.Tenant, found map[string]*store.Standing, now time.Time) TenantFacts {
	facts := TenantFacts{Tenant: Tenant{ID: uuid.MustParse(t.ID), Name: t.Name, Cloud: t.Cloud}, App: t.Auth.ClientID}
	facts.Exposed = t.Auth.Exposed()
	for _, e := range fetch.Endpoints {
		set, ok := t.Endpoints[e.Name]
		if !ok {
			continue
		}
		policy := schedule.PolicyOf(e)
		policy.Reach, policy.Settle = set.Reach, set.Settle
		next := set.Schedule.Next(now)
		facts.Endpoints = append(facts.Endpoints, EndpointFacts{
			Endpoint: e, Configured: true, Enabled: set.Enabled, Policy: policy,
			Interval: set.Schedule.Next(next).Sub(next), Standing: found[e.Name],
		})
	}
	facts.noted()
	return facts
}

// removed are the facts of a tenant that is no longer in the configuration: what
// was noted while it was.
func removed(first store.Standing, found map[string]*store.Standing) TenantFacts {
	facts := TenantFacts{Tenant: Tenant{ID: first.Endpoint.Tenant, Name: first.Endpoint.Tenant.String()}}
	if first.About.Name != "" {
		facts.Name, facts.Cloud = first.About.Name, first.About.Cloud
	}
	for _, e := range fetch.Endpoints {
		s := found[e.Name]
		if s == nil {
			continue
		}
		policy := schedule.PolicyOf(e)
		policy.Reach, policy.Settle = s.Reach, s.Settle
		facts.Endpoints = append(facts.Endpoints, EndpointFacts{
			Endpoint: e, Enabled: s.Enabled, Policy: policy, Interval: s.Interval, Standing: s,
		})
	}
	facts.noted()
	return facts
}

// noted adds what whoever reads the tenant has noted about it.
func (t *TenantFacts) noted() {
	i := slices.IndexFunc(t.Endpoints, func(e EndpointFacts) bool { return e.Standing != nil })
	if i < 0 {
		return
	}
	s := t.Endpoints[i].Standing
	t.Daemon, t.ClockSkew = s.Worker, s.About.ClockSkew
	if n := s.Subscription; n != nil {
		t.Subscription = &Subscription{ExpiresAt: utc(n.ExpiresAt), NotifiedAt: utc(n.NotifiedAt),
			MissedAt: utc(n.MissedAt), Error: n.Error}
	}
	t.Credential = Credential{Kind: s.About.CredentialKind, EndsAt: utc(s.About.CredentialEndsAt)}
}

// Only is the part of the facts that is about what is selected. A tenant of which
// nothing is selected is left out.
func (f Facts) Only(of store.Selection) Facts {
	all := f.Tenants
	f.Tenants = nil
	for _, t := range all {
		t.Endpoints = slices.DeleteFunc(slices.Clone(t.Endpoints), func(e EndpointFacts) bool {
			return !of.Has(t.ID, e.Endpoint.Name)
		})
		if len(t.Endpoints) > 0 {
			f.Tenants = append(f.Tenants, t)
		}
	}
	return f
}
