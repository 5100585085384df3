package config

import "time"

// Bounds says what an endpoint allows, and so what it defaults to.
type Bounds struct {
	// Name is the endpoint's name in the file.
	Name string

	// Reach is how long Graph keeps the log: the default and the maximum.
	Reach time.Duration

	// Settle is the default settle time.
	Settle time.Duration

	// HasDetails says that its rows have details, which may be kept for less.
	HasDetails bool

	// APIs are the versions of Graph that serve it; the first is the default.
	APIs []string
}

func newConfig() *Config {
	return &Config{
		Database:      Database{Auth: "password", Distribution: "none", Shards: 16, Partition: "none"},
		Server:        Server{Listen: "127.0.0.1:8080"},
		Notifications: Notifications{EventHub: EventHub{ConsumerGroup: "ingestd"}},
		Log:           Log{Level: "info", Format: "json"},
	}
}

// Keys of Retention besides the endpoints.
const (
	Details  = "details"
	Rollups  = "rollups"
	Personal = "personal"
)

// newRetention keeps all for ever.
func newRetention(known map[string]Bounds) map[string]time.Duration {
	terms := map[string]time.Duration{Details: 0, Rollups: 0, Personal: 0}
	for name := range known {
		terms[name] = 0
	}
	return terms
}

// newTenant is what a tenant is before its keys are read.
func newTenant(known map[string]Bounds) Tenant {
	return Tenant{
		Cloud:     "global",
		Endpoints: newEndpoints(known),
		Privacy:   Privacy{Identity: "keep", Numbers: "keep", Location: "keep", FreeText: "keep"},
		Limits: Limits{
			CallRecords: Rate{Requests: 1500, Per: 20 * time.Second},
			List:        Rate{Requests: 40, Per: 20 * time.Second},
			Record:      Rate{Requests: 40, Per: 20 * time.Second},
			Logs:        Rate{Requests: 200, Per: time.Minute},
			LogFunction: Rate{Requests: 50, Per: time.Minute},
		},
	}
}

// newEndpoints is every known endpoint, enabled, at its defaults.
func newEndpoints(known map[string]Bounds) map[string]Endpoint {
	endpoints := make(map[string]Endpoint, len(known))
	for name, bounds := range known {
		endpoints[name] = Endpoint{
			Enabled:  true,
			Schedule: everyFiveMinutes(),
			Reach:    bounds.Reach,
			Settle:   bounds.Settle,
			API:      bounds.APIs[0],
		}
	}
	return endpoints
}
