package main

import (
	"context"
	"time"

	"ingestd/internal/health"
)

// snapshot is how what is chosen stands. While the database does not answer, it
// says that.
func (a *app) snapshot(ctx context.Context, chosen *selection) (health.Snapshot, error) {
	if _, err := chosen.of(a.config); err != nil {
		return health.Snapshot{}, err
	}
	now := time.Now()
	s, err := health.Look(ctx, a.config, a.db, now)
	if err != nil && ctx.Err() == nil {
		s = health.Unanswered(nil, a.config, err, now, now)
	}
	return s, ctx.Err()
}

// endpointsOf is how many endpoints of how many tenants a snapshot tells of.
func endpointsOf(s health.Snapshot) (endpoints, tenants int) {
	for _, t := range s.Tenants {
		endpoints += len(t.Endpoints)
	}
	return endpoints, len(s.Tenants)
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
