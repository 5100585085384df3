package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Survey is what the database says of all tenants.
type Survey struct {
	At            time.Time // the database's clock: runs and daemons are noted by it
	ServerVersion string
	SchemaVersion int
	Daemon        *Daemon // the one that gave the last sign; nil: none ever did
	Standings     []Standing
	Unknown       []UnknownMember
	StaleSince    *time.Time // when the first row was stored that rollups lack; nil: they lack none
}

// A Standing is what the database says of one endpoint of one tenant.
type Standing struct {
	Endpoint
	About   Tenant  // zero: nothing was noted
	Worker  *Daemon // that works on the tenant, or did last
	Running *Running
	Last    *Pace // of the last run that ended
	Rejects Rejected
	Records Records
	Known   time.Duration // of acknowledged losses
	Kept
	// Of the tenant; nil: there never was one. Only its times and its error are told.
	Subscription *Subscription
	Cut          time.Time     // Slots begin there, or at SettledUntil; what lies before is settled, but for Gaps
	Slots        []Slot        // oldest first
	Gaps         []Span        // between SettledUntil and Cut
	Losses       []Span        // that somebody has taken note of, after SettledUntil or lately
	Rejected     []Span        // slots with elements that could only be kept raw, lately
	Lacking      []RecordsSpan // of call records whose details are not stored, by the hour, lately
}

// Kept is before when rows, details, or personal data of rows may have been deleted by
// retention; nil: none were.
type Kept struct{ KeptFrom, DetailsKeptFrom, PersonalFrom *time.Time }

// Running is a run that has not ended. Its times are the database's.
type Running struct {
	RunID                  int64
	StartedAt, HeartbeatAt time.Time
	WaitingUntil           *time.Time // because Graph said so
	From, To               time.Time  // of its windows
	Slots                  int
	Pace
}

// A Pace is what a run has done so far, and when.
type Pace struct {
	At        time.Time     // its last sign, or its end
	Took      time.Duration // until then
	SlotsDone int
	Rows      int64 // elements served
	Details   int64 // call records whose details were stored
}

// Rejected counts open rejects.
type Rejected struct {
	Open   int        // not stored
	Stored int        // with what cannot be stored replaced
	Since  *time.Time // of those not stored, by the database's clock
}

// Records counts call records whose details are not stored.
type Records struct {
	Pending      int        // within reach
	Due          int        // of these, did not fail
	Parked       int        // of these, failed again and again
	ParkedSince  *time.Time // when the first of them failed first
	ParkedCode   *string    // why it did last, as a code of package health
	Oldest       *time.Time // from when on the first within reach counts: its start, or when it was first named
	OldestFailed *time.Time // the same of those that failed
	NamedAt      *time.Time // when the longest pending of those due was named
	Lost         int        // left reach, and not acknowledged
	Acknowledged int
	FirstLost    *time.Time // as Oldest, of the first lost
}

// A RecordsSpan is an hour in which call records began whose details are not
// stored.
type RecordsSpan struct {
	Span
	Parked bool // all of them failed again and again
}

// surveyCut is where the slots of a survey begin: two days before Graph's reach,
// at midnight, so that a slot lies on one side of it.
const surveyCut = `date_trunc('day', $1::timestamptz - e.reach, 'UTC') - interval '2 days'`

var (
	surveyEndpoints = statement("survey", "{endpoint}", selectEndpoint("e."), "{cut}", surveyCut)
	surveySpans     = statement("survey_spans", "{cut}", surveyCut)
)

// Survey asks how everything stands at a time, with two queries whatever the
// number of tenants. Spans for a page are listed from lately ago on. A schema
// that is not this program's is ErrNotMigrated.
func (db *DB) Survey(ctx context.Context, now time.Time, lately time.Duration) (s Survey, err error) {
	err = db.again(ctx, "survey the ledger", noteTimeout, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{
			IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly,
		}, func(tx pgx.Tx) error {
			s, err = survey(ctx, tx, now, lately)
			return err
		})
	})
	if err == nil && s.SchemaVersion == int(newest()) {
		return s, nil
	}
	if unfit := db.CheckSchema(ctx); errors.Is(unfit, ErrNotMigrated) {
		return s, unfit
	}
	return s, err
}

func survey(ctx context.Context, tx pgx.Tx, now time.Time, lately time.Duration) (s Survey, err error) {
	rows, err := tx.Query(ctx, surveyEndpoints, now)
	if err != nil {
		return s, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[surveyRow])
	if err != nil {
		return s, err
	}
	if len(list) == 0 {
		return surveyNothing(ctx, tx)
	}
	s.about(list[0].aboutDatabase)
	for _, r := range list {
		s.Standings = append(s.Standings, r.standing())
	}
	s.noteSigns()
	return s, s.addSpans(ctx, tx, now, lately)
}

// surveyNothing surveys a database in which no endpoint was ever started.
func surveyNothing(ctx context.Context, tx pgx.Tx) (s Survey, err error) {
	rows, err := tx.Query(ctx, `
		SELECT clock_timestamp(), current_setting('server_version'), (SELECT version FROM ingest.schema_version),
			d.daemon_id, d.host, d.version, d.started_at, d.heartbeat_at
		FROM (SELECT) one
		LEFT JOIN ingest.daemons d ON true
		ORDER BY d.heartbeat_at DESC
		LIMIT 1`)
	if err != nil {
		return s, err
	}
	type row struct {
		aboutDatabase
		aboutDaemon
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
	s.about(found.aboutDatabase)
	s.Daemon = found.daemon()
	return s, err
}

func (s *Survey) about(d aboutDatabase) {
	version, _, _ := strings.Cut(d.ServerVersion, " ")
	s.At, s.ServerVersion, s.SchemaVersion = d.At, version, d.SchemaVersion
}

// noteSigns counts signs of a daemon's runs as its own: while all of them are at
// work for long, it gives no other. It finds the daemon that gave the last one.
func (s *Survey) noteSigns() {
	daemons := map[uuid.UUID]*Daemon{}
	for i := range s.Standings {
		e := &s.Standings[i]
		if e.Worker == nil {
			continue
		}
		if d := daemons[e.Worker.ID]; d != nil {
			e.Worker = d
		}
		daemons[e.Worker.ID] = e.Worker
		if r := e.Running; r != nil && r.HeartbeatAt.After(e.Worker.HeartbeatAt) {
			e.Worker.HeartbeatAt = r.HeartbeatAt
		}
		if s.Daemon == nil || e.Worker.HeartbeatAt.After(s.Daemon.HeartbeatAt) {
			s.Daemon = e.Worker
		}
	}
}

// addSpans adds to each standing what the ledger says of its time.
func (s *Survey) addSpans(ctx context.Context, tx pgx.Tx, now time.Time, lately time.Duration) error {
	type key struct {
		tenant   uuid.UUID
		endpoint string
	}
	standings := make(map[key]*Standing, len(s.Standings))
	for i, e := range s.Standings {
		standings[key{e.Tenant, e.Name}] = &s.Standings[i]
	}
	rows, err := tx.Query(ctx, surveySpans, now, lately)
	if err != nil {
		return err
	}
	var k key
	var r surveySpan
	columns := []any{&k.tenant, &k.endpoint, &r.kind, &r.From, &r.To, &r.at, &r.yes, &r.n, &r.word}
	_, err = pgx.ForEachRow(rows, columns, func() error {
		switch e := standings[k]; {
		case r.kind == "unknown":
			s.Unknown = append(s.Unknown, UnknownMember{k.endpoint, r.word, r.From})
		case r.kind == "stale":
			s.StaleSince = r.at
		case e != nil:
			e.add(r)
		}
		return nil
	})
	return err
}

// A surveySpan is a row of surveySpans.
type surveySpan struct {
	Span
	kind string
	at   *time.Time
	yes  bool
	n    int
	word string
}

func (e *Standing) add(r surveySpan) {
	switch r.kind {
	case "slot":
		e.slot(r.Span).ReadAt, e.slot(r.Span).Settled = *r.at, r.yes
	case "failed":
		s := e.slot(r.Span)
		s.Since, s.Failures, s.Code = *r.at, r.n, r.word
	case "gap":
		e.Gaps = append(e.Gaps, r.Span)
	case "acknowledged":
		e.Losses = append(e.Losses, r.Span)
	case "rejects":
		e.Rejected = append(e.Rejected, r.Span)
	case "records":
		e.Lacking = append(e.Lacking, RecordsSpan{r.Span, r.yes})
	}
}

// slot is the slot of a span, the last one listed: rows come in order.
func (e *Standing) slot(s Span) *Slot {
	if n := len(e.Slots); n == 0 || !e.Slots[n-1].From.Equal(s.From) {
		e.Slots = append(e.Slots, Slot{From: s.From, To: s.To})
	}
	return &e.Slots[len(e.Slots)-1]
}
