package schedule

import (
	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// Rewrites rewrite what is stored of all endpoints of a tenant, under a name.
func Rewrites(
	tenant uuid.UUID, name string, newBatch func(*mapping.Model) *mapping.Batch,
) (all []*store.Rewrite, err error) {
	for _, e := range fetch.Endpoints {
		target, err := store.NewTarget(tenant, e.Name, e.Rows, e.EventTime)
		if err != nil {
			return nil, err
		}
		all = append(all, &store.Rewrite{Target: target, Name: name, NewBatch: newBatch})
	}
	return all, nil
}
