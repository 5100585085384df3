package main

import (
	"context"
	"time"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

// snapshot is how what is chosen stands. While the database does not answer, it
// says that.
func (a *app) snapshot(ctx context.Context, chosen *selection) (health.Snapshot, error) {
	of, err := chosen.of(a.config)
	if err != nil {
		return health.Snapshot{}, err
	}
	facts, now, err := a.facts(ctx, of)
	if err != nil && ctx.Err() == nil {
		return health.Unanswered(nil, a.config, err, now, now), nil
	}
	return health.Take(facts, now), ctx.Err()
}

// facts are what a snapshot of what is selected is made of, and of when they are.
func (a *app) facts(ctx context.Context, of store.Selection) (health.Facts, time.Time, error) {
	now := time.Now()
	if err := a.ready(ctx); err != nil {
		return health.Facts{}, now, err
	}
	survey, err := a.db.Survey(ctx, now, health.StripFor)
	return health.Gather(a.config, survey, now).Only(of), now, err
}

// ready checks that the database answers and has this program's schema.
func (a *app) ready(ctx context.Context) error {
	if err := a.db.Ping(ctx); err != nil {
		return err
	}
	return a.db.CheckSchema(ctx)
}

// wanted is how many endpoints of how many tenants are to be read.
func wanted(s health.Snapshot) (endpoints, tenants int) {
	for _, t := range s.Tenants {
		before := endpoints
		for _, e := range t.Endpoints {
			if e.State != health.Paused && e.State != health.Removed {
				endpoints++
			}
		}
		if endpoints > before {
			tenants++
		}
	}
	return endpoints, tenants
}

// endpointOf is how one endpoint stands; nothing is known of one that is not in
// the snapshot.
func endpointOf(s health.Snapshot, tenant, name string) health.Endpoint {
	for _, t := range s.Tenants {
		for _, e := range t.Endpoints {
			if t.Name == tenant && e.Name == name {
				return e
			}
		}
	}
	return health.Endpoint{}
}
