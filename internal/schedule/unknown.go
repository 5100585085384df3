package schedule

import (
	"context"
	"sync"

	"ingestd/internal/mapping"
)

// unknown are the members without a column that a job has met.
type unknown struct {
	mu    sync.Mutex
	names mapping.Names
	todo  []string // not noted yet
}

// meet adds what a run has met.
func (u *unknown) meet(endpoint string, strange map[mapping.Strange]int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, kind := range mapping.Sorted(strange) {
		if kind.Misfit {
			continue
		}
		if name, isNew := u.names.Add(kind.Name(endpoint)); isNew {
			u.todo = append(u.todo, name)
		}
	}
}

// noteUnknown notes the members that were met first since it last did.
func (j *Job) noteUnknown(ctx context.Context) error {
	return safely(func() error {
		j.unknown.mu.Lock()
		members := j.unknown.todo
		j.unknown.todo = nil
		j.unknown.mu.Unlock()
		if len(members) == 0 {
			return nil
		}
		err := j.DB.NoteUnknownMembers(ctx, j.Endpoint.Name, members)
		if err != nil {
			j.unknown.mu.Lock()
			j.unknown.todo = append(j.unknown.todo, members...)
			j.unknown.mu.Unlock()
		}
		return err
	})
}
