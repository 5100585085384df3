package schedule

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

// signEvery is how often a daemon says that it is alive.
const signEvery = 30 * time.Second

// giveSigns notes every so often, until ctx ends, that the daemon is alive.
func giveSigns(ctx context.Context, jobs []*Job) {
	for ctx.Err() == nil {
		if err := jobs[0].giveSign(ctx); err != nil && ctx.Err() == nil {
			jobs[0].Log.Warn("the daemon is not noted as alive; it goes on", zap.Error(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(signEvery):
		}
	}
}

// giveSign notes that the daemon is alive.
func (j *Job) giveSign(ctx context.Context) error {
	if j.Self == nil {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return j.DB.NoteAlive(short, *j.Self)
}

// noteRemoved notes which tenants have left the configuration.
func noteRemoved(ctx context.Context, jobs []*Job) {
	var tenants []uuid.UUID
	for _, group := range byTenant(jobs) {
		tenants = append(tenants, group[0].Tenant)
	}
	if err := jobs[0].DB.NoteRemoved(ctx, tenants); err != nil && ctx.Err() == nil {
		jobs[0].Log.Warn("tenants that are no longer configured are not noted; the next start tries again",
			zap.Error(err))
	}
}
