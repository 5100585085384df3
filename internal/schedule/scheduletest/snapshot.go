package scheduletest

import (
	"cmp"

	"ingestd/internal/config"
	"ingestd/internal/graphsim"
	"ingestd/internal/health"
)

// Config is the configuration that the World's jobs stand for.
func (w *World) Config() *config.Config {
	w.Helper()
	var every config.Schedule
	if err := every.UnmarshalText([]byte(w.job.Schedule)); err != nil {
		w.Fatal(err)
	}
	c := &config.Config{}
	for _, j := range w.jobs {
		if n := len(c.Tenants); n == 0 || c.Tenants[n-1].ID != j.Tenant.String() {
			c.Tenants = append(c.Tenants, config.Tenant{
				ID: j.Tenant.String(), Name: j.Name, Cloud: cmp.Or(j.Cloud, "custom"),
				Auth: config.Auth{ClientID: graphsim.ClientID}, Endpoints: map[string]config.Endpoint{},
			})
		}
		c.Tenants[len(c.Tenants)-1].Endpoints[j.Endpoint.Name] = config.Endpoint{
			Enabled: j.Enabled, Schedule: every, Reach: j.Policy.Reach, Settle: j.Policy.Settle, StartFrom: j.StartFrom,
		}
	}
	return c
}

// Snapshot is how everything stands now.
func (w *World) Snapshot() health.Snapshot {
	w.Helper()
	s, err := health.Look(w.Context(), w.Config(), w.DB, w.Now())
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// state is the endpoint's state in a snapshot.
func (w *World) state() string {
	w.Helper()
	for _, t := range w.Snapshot().Tenants {
		for _, e := range t.Endpoints {
			if t.ID == w.job.Tenant && e.Name == w.job.Endpoint.Name {
				return string(e.State)
			}
		}
	}
	w.Fatalf("endpoint %s is not in the snapshot", w.job.Endpoint.Name)
	return ""
}
