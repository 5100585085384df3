package health

import (
	"time"

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
	Tenants  []TenantFacts
}

// TenantFacts are the facts of one tenant.
type TenantFacts struct {
	Tenant                  // ID, Name, Cloud, ClockSkew and Credential; its Endpoints are made
	Daemon    *store.Daemon // that works on it, or did last; nil: none ever did
	Endpoints []EndpointFacts
}

// EndpointFacts are the facts of one endpoint.
type EndpointFacts struct {
	Endpoint   fetch.Endpoint
	Configured bool // false: it is no longer in the configuration
	Enabled    bool
	Policy     schedule.Policy // with its origin
	Interval   time.Duration   // between two ticks of its schedule
	Standing   *store.Standing // what the database says; nil: it was never started
}
