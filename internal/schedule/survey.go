package schedule

import (
	"context"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// surveyRecords is how many lost or parked records a survey lists at most.
const surveyRecords = 10_000

// A Survey is how an endpoint stands, by the ledger alone. It lists all that
// was ever lost, so its cost grows with history: it is made on demand.
type Survey struct {
	State        store.Endpoint
	Known        bool // it was started before
	Watermark    time.Time
	Lost         []fetch.Window // and not acknowledged
	Acknowledged []store.Acknowledgement
	Parked       []store.Slot
	Expiring     []fetch.Window // not settled, and out of Graph's reach within 48 hours
	Due          int            // windows and records to be read now
	Rejects      int            // elements kept raw that are not stored

	// Of records whose details are not stored:
	Pending       int            // within reach
	RecordsLost   []store.Record // left reach, and not acknowledged
	RecordsParked []store.Record // within it, but cannot be read or stored
	RecordsSoon   int            // leave it within 48 hours
}

// Survey asks the ledger how the endpoint stands at a time, and Graph nothing.
func (j *Job) Survey(ctx context.Context, now time.Time) (s Survey, err error) {
	if s.State, s.Known, err = j.DB.Endpoint(ctx, j.Tenant, j.Endpoint.Name); err != nil || !s.Known {
		return Survey{}, err
	}
	l, err := j.balance(ctx, s.State, now)
	if err != nil {
		return s, err
	}
	if s.Acknowledged, err = j.DB.Acknowledgements(ctx, j.Tenant, j.Endpoint.Name, time.Time{}); err != nil {
		return s, err
	}
	history, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, s.State.Origin)
	if err != nil {
		return s, err
	}
	if s.Rejects, err = j.DB.OpenRejects(ctx, j.Tenant, j.Endpoint.Name); err != nil {
		return s, err
	}
	s.Watermark = l.watermark()
	s.Lost = l.policy.Lost(s.State.Origin, now, history, spansOf(s.Acknowledged))
	s.Parked = l.policy.Parked(now, l.slots)
	s.Due = len(l.policy.Unread(now, l.slots)) + l.backlog.Due
	for _, w := range l.policy.Expiring(now, l.slots) {
		s.Expiring = append(s.Expiring, w.Window)
	}
	return s, j.surveyRecords(ctx, &s, l, now)
}

// surveyRecords adds the records whose details are not stored.
func (j *Job) surveyRecords(ctx context.Context, s *Survey, l balance, now time.Time) (err error) {
	if !j.Endpoint.Versioned {
		return nil
	}
	horizon := l.policy.horizon(now)
	s.Pending, s.RecordsSoon = l.backlog.Pending, l.backlog.Soon
	if s.RecordsLost, err = j.DB.LostRecords(ctx, j.Tenant, s.State.Origin, horizon, false, surveyRecords); err != nil {
		return err
	}
	s.RecordsParked, err = j.DB.ParkedRecords(ctx, j.Tenant, horizon, surveyRecords)
	return err
}

// spansOf are the spans of acknowledged losses.
func spansOf(list []store.Acknowledgement) []fetch.Window {
	var windows []fetch.Window
	for _, a := range list {
		if a.CallID == nil {
			windows = append(windows, fetch.Window{From: a.From, To: a.To})
		}
	}
	return windows
}
