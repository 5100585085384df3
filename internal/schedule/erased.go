package schedule

import (
	"context"
	"errors"

	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// ErrNoEraser says that persons were erased, and the secret is not there to know them by.
var ErrNoEraser = errors.New("persons of the tenant were erased, and what is read may name them: restore the file " +
	"that its privacy.key_file named when they were, and start the daemon anew")

// An EraserOf makes what keeps persons out of an endpoint's elements.
type EraserOf func(m *mapping.Model, erased []store.Erased) (*mapping.Eraser, error)

// knowGone has a run that has been noted know what personal data is gone, so that nothing of it comes back: of whom,
// and of before when. Who erases somebody waits for the runs that are noted before.
func (j *Job) knowGone(ctx context.Context) error {
	if j.Aged != nil {
		var err error
		if j.agedBefore, err = j.DB.RewrittenBefore(ctx, j.Target, Personal); err != nil {
			return err
		}
	}
	return j.knowErased(ctx)
}

func (j *Job) knowErased(ctx context.Context) error {
	erased, err := j.DB.Erased(ctx, j.Tenant)
	j.eraser = nil
	switch {
	case err != nil || len(erased) == 0:
		return err
	case j.EraserOf == nil:
		return ErrNoEraser
	}
	if j.eraser, err = j.EraserOf(j.Endpoint.Rows, erased); err != nil {
		return ErrNoEraser
	}
	return nil
}
