package scheduletest

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// An Endpoint is what is noted about it, and what follows from the ledger now.
type Endpoint struct {
	State     string // as it is shown now
	Failures  int    // runs in a row, as noted after the last run, and so are the next three
	LastError string
	Origin    time.Time
	Watermark time.Time

	Unread        bool           // something could be read, and was not
	Lost          []fetch.Window // left Graph's reach unread
	LostRecords   []string       // call ids, and so are the next
	ParkedRecords []string
	Pending       int // call records within reach whose details are not stored
	Rejects       int // elements kept raw and not stored
}

// Endpoint is how the endpoint stands; zero before its first run.
func (w *World) Endpoint() Endpoint {
	w.Helper()
	noted, known, err := w.DB.Endpoint(w.Context(), Tenant, w.job.Endpoint.Name)
	if err != nil {
		w.Fatal(err)
	}
	if !known {
		return Endpoint{}
	}
	e := Endpoint{
		State: w.state(), Failures: noted.Failures, Origin: noted.Origin.UTC(), Watermark: noted.Watermark.UTC(),
	}
	if noted.LastError != nil && noted.Failures > 0 {
		e.LastError = *noted.LastError
	}
	w.addStanding(&e)
	return e
}

// addStanding adds what follows from the ledger now.
func (w *World) addStanding(e *Endpoint) {
	w.Helper()
	survey, err := w.DB.Survey(w.Context(), w.Now(), 0)
	if err != nil {
		w.Fatal(err)
	}
	i := slices.IndexFunc(survey.Standings, func(s store.Standing) bool {
		return s.Endpoint.Tenant == w.job.Tenant && s.Name == w.job.Endpoint.Name
	})
	standing := survey.Standings[i]
	stand := w.job.Policy.Stand(standing, w.Now())
	for _, p := range stand.Pieces {
		if p.Kind == schedule.Lost {
			e.Lost = append(e.Lost, p.Window)
		}
	}
	e.Pending, e.Rejects = standing.Records.Pending, standing.Rejects.Open
	e.Unread = stand.Unread > 0 || stand.Behind != nil && stand.Behind.Before(w.Now()) || standing.Records.Due > 0
	if w.job.Endpoint.Versioned {
		w.addRecords(e)
	}
}

// addRecords adds which call records are lost or parked.
func (w *World) addRecords(e *Endpoint) {
	w.Helper()
	horizon := w.Now().Add(-w.job.Policy.Reach)
	lost, err := w.DB.LostRecords(w.Context(), Tenant, e.Origin, horizon, false, 1000)
	if err != nil {
		w.Fatal(err)
	}
	parked, err := w.DB.ParkedRecords(w.Context(), Tenant, horizon, 1000)
	if err != nil {
		w.Fatal(err)
	}
	e.LostRecords, e.ParkedRecords = callIDs(lost), callIDs(parked)
}

func callIDs(records []store.Record) (ids []string) {
	for _, r := range records {
		ids = append(ids, r.ID.String())
	}
	return ids
}

// A Run is a row of ingest.runs.
type Run struct {
	Result  string // empty: it has not ended
	Error   string
	Rows    store.Counts
	Details int64
}

// Runs are the endpoint's runs, oldest first.
func (w *World) Runs() []Run {
	w.Helper()
	return collect(w, func(row pgx.CollectableRow) (r Run, err error) {
		c := &r.Rows
		err = row.Scan(&r.Result, &r.Error,
			&c.Pages, &c.Seen, &c.New, &c.Changed, &c.Unchanged, &c.Rejected, &r.Details)
		return r, err
	}, `
		SELECT coalesce(result, ''), coalesce(error, ''),
			pages, rows_seen, rows_new, rows_changed, rows_unchanged, rows_rejected, details
		FROM ingest.runs WHERE endpoint = $1 ORDER BY run_id`, w.job.Endpoint.Name)
}

// A Slot is a span of time that was read to its last page, or could not be.
type Slot struct {
	From     time.Time
	ReadAt   time.Time // zero: never
	Rows     int       // that were served for it
	Failures int       // since it was read
}

// Slots are the endpoint's slots, oldest first.
func (w *World) Slots() []Slot {
	w.Helper()
	return collect(w, func(row pgx.CollectableRow) (s Slot, err error) {
		var readAt *time.Time
		err = row.Scan(&s.From, &readAt, &s.Rows, &s.Failures)
		s.From = s.From.UTC()
		if readAt != nil {
			s.ReadAt = readAt.UTC()
		}
		return s, err
	}, `
		SELECT slot_from, read_at, coalesce(rows, 0), coalesce(failures, 0)
		FROM (SELECT * FROM ingest.slots WHERE endpoint = $1) s
		FULL JOIN (SELECT * FROM ingest.parked WHERE endpoint = $1) p USING (slot_from)
		ORDER BY slot_from`, w.job.Endpoint.Name)
}

// A Retry is a call record whose details could not be stored.
type Retry struct {
	CallID   string
	State    string // waiting or parked
	Attempts int
	Error    string
}

// Retries are the call records that failed, by id.
func (w *World) Retries() []Retry {
	w.Helper()
	return collect(w, pgx.RowToStructByPos[Retry], `
		SELECT call_id::text, state, attempts, error FROM ingest.details_retries ORDER BY call_id`)
}

func collect[T any](w *World, scan pgx.RowToFunc[T], sql string, args ...any) []T {
	w.Helper()
	rows, err := w.Conn.Query(w.Context(), sql, args...)
	if err != nil {
		w.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		w.Fatal(err)
	}
	return list
}
