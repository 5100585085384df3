package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// TestRollupsAfterAStorm has rows of all endpoints inserted, changed, moved to other
// days, replaced and deleted, by transactions of which some stay open for long, while
// rollups are refreshed again and again, and refreshes are killed in the middle. In
// the end each rollup is what its live view says, row by row.
func TestRollupsAfterAStorm(t *testing.T) {
	t.Parallel()
	s := newRollupStorm(t)
	for range storetest.Times(6, 100) {
		for range 6 {
			s.write()
		}
		s.refresh(s.rng.IntN(4) == 0)
		if s.rng.IntN(2) == 0 {
			s.release()
		}
	}
	s.release()
	s.writing.Wait()
	refresh(t, s.db)
	wantFresh(t, s.conn)
	var empty []string
	for _, view := range storetest.Rollups(t, s.conn) {
		if !storetest.Query[bool](t, s.conn, `SELECT EXISTS (SELECT 1 FROM rollup.`+view+`)`) {
			empty = append(empty, view)
		}
	}
	if len(empty) > 2 {
		t.Errorf("%v have no row: the storm shows nothing of them", empty)
	}
}

// A rollupStorm is many writers of a few rows.
type rollupStorm struct {
	*testing.T
	rng     *rand.Rand
	url     string
	writers *store.DB
	db      *store.DB // of refreshes
	conn    *pgx.Conn
	holder  *pgx.Conn // keeps some transactions open
	held    pgx.Tx
	served  time.Time // of the last answer; later ones are newer
	writes  int
	writing sync.WaitGroup
}

func newRollupStorm(t *testing.T) *rollupStorm {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	url := storetest.URL(t)
	return &rollupStorm{
		T: t, rng: rand.New(rand.NewPCG(seed, 1)), url: url, served: noon,
		writers: storetest.Connect(t, with(t, url, "pool_max_conns", "60")), db: storetest.Connect(t, url),
		conn: storetest.Conn(t, url), holder: storetest.Conn(t, url),
	}
}

// write begins one of the things that a writer does.
func (s *rollupStorm) write() {
	e := fetch.Endpoints[s.writes%len(fetch.Endpoints)]
	s.writes++
	s.served = s.served.Add(time.Second)
	hold := s.rng.IntN(8) == 0
	switch {
	case s.rng.IntN(10) == 0 && !e.Versioned:
		s.deleteByHand(e)
	case e.Versioned:
		s.saveRecord(hold)
	case e.Aggregate:
		s.replaceDay(e, hold)
	default:
		s.saveRows(e, hold)
	}
}

func (s *rollupStorm) saveRows(e fetch.Endpoint, hold bool) {
	b := e.Rows.NewBatch()
	for range 1 + s.rng.IntN(4) {
		appendTo(s.T, b, s.row(e), s.served)
	}
	run := s.run(e, hold)
	s.begin(func(ctx context.Context) error {
		r := store.Reading{From: noon.Add(-60 * 24 * time.Hour), To: noon, Slot: 24 * time.Hour, Pages: 1}
		_, err := s.writers.SaveRows(ctx, run, target(s.T, e), b, r)
		return err
	})
}

func (s *rollupStorm) replaceDay(e fetch.Endpoint, hold bool) {
	from := s.time().Truncate(24 * time.Hour)
	b := e.Rows.NewBatch()
	for user := range 3 {
		if user == 0 || s.rng.IntN(2) == 0 {
			appendTo(s.T, b, sums(user, s.rng.IntN(5)), s.served)
		}
	}
	day := store.Slot{From: from, To: from.Add(24 * time.Hour), ReadAt: s.served}
	run := s.run(e, hold)
	s.begin(func(ctx context.Context) error {
		_, err := s.writers.ReplaceDay(ctx, run, target(s.T, e), b, day, 1)
		return err
	})
}

// saveRecord announces a version of a call record, and stores its details.
func (s *rollupStorm) saveRecord(hold bool) {
	id := uuid.NewSHA1(call, []byte{byte(s.rng.IntN(6))})
	start, user := s.time().Format(time.RFC3339), s.rng.IntN(3)
	document := fmt.Sprintf(recordOfTwo, id, s.writes, start, user, s.rng.IntN(60))
	b := fetch.CallRecords.Rows.NewBatch()
	appendTo(s.T, b, document, s.served)
	run := s.run(fetch.CallRecords, false)
	if hold {
		s.hold(`LOCK TABLE ingest.details_retries IN SHARE MODE`)
	}
	s.begin(func(ctx context.Context) error {
		to := target(s.T, fetch.CallRecords)
		if _, err := s.writers.Announce(ctx, run, to, b, store.Reading{Pages: 1}); err != nil {
			return err
		}
		err := s.writers.SaveDetails(ctx, run, to, []*mapping.Batch{b})[0]
		if errors.Is(err, store.ErrNewer) {
			return nil
		}
		return err
	})
}

// recordOfTwo is a call record of a call of two, with one stream.
const recordOfTwo = `{"id": %[1]q, "version": %[2]d, "type": "peerToPeer", "startDateTime": %[3]q, "endDateTime": %[3]q,
	"participants_v2": [
		{"id": "p", "identity": {"phone": {"id": "+4930123456"}}},
		{"id": "q", "identity": {"user": {"id": "00000000-0000-0000-0000-%012[4]d"}}}],
	"sessions": [{"id": %[1]q, "startDateTime": %[3]q, "endDateTime": %[3]q,
		"caller": {"@odata.type": "#microsoft.graph.callRecords.participantEndpoint",
			"feedback": {"rating": "good"},
			"userAgent": {"@odata.type": "#microsoft.graph.callRecords.clientUserAgent", "platform": "windows"}},
		"segments": [{"id": %[1]q, "startDateTime": %[3]q, "endDateTime": %[3]q,
			"caller": {"@odata.type": "#microsoft.graph.callRecords.participantEndpoint",
				"userAgent": {"@odata.type": "#microsoft.graph.callRecords.clientUserAgent", "platform": "windows"}},
			"media": [{"label": "main-audio",
				"callerDevice": {"captureDeviceName": "A headset"}, "callerNetwork": {"subnet": "192.168.1.0"},
				"streams": [{"streamId": "1", "streamDirection": "callerToCallee", "packetUtilization": 600,
					"averageJitter": "PT0.0%02[5]dS"}]}]}]}]}`

// deleteByHand deletes a row and notes its time, as the manual asks for.
func (s *rollupStorm) deleteByHand(e fetch.Endpoint) {
	at := map[string]string{"direct_routing_calls": "coalesce(invite_at, start_at)"}[e.Name]
	if at == "" {
		at = e.EventTime
	}
	s.begin(func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, s.url)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, fmt.Sprintf(`
			WITH gone AS (
				DELETE FROM teams.%[1]s
				WHERE row_hash = (SELECT min(row_hash) FROM teams.%[1]s)
				RETURNING tenant_id, %[2]s AS at
			)
			SELECT rollup.note(tenant_id, '%[1]s', at, at) FROM gone`, e.Name, at))
		return err
	})
}

// row is an element of an endpoint whose rows have times of their own.
func (s *rollupStorm) row(e fetch.Endpoint) string {
	id, at, n := s.rng.IntN(12), s.time(), s.rng.IntN(300)
	user := fmt.Sprintf("00000000-0000-0000-0000-%012d", s.rng.IntN(3))
	stamp, end := at.Format(time.RFC3339), at.Add(time.Duration(n)*time.Second).Format(time.RFC3339)
	switch e.Name {
	case "pstn_calls":
		kind := []string{"user_in", "user_out", "conf_out", "oc_ucap_in"}[s.rng.IntN(4)]
		return fmt.Sprintf(`{"id": "%d", "callId": %q, "userId": %q, "callType": %q, "startDateTime": %q,
			"endDateTime": %q, "duration": %d, "charge": 0.%03d, "currency": "EUR", "destinationContext": "Domestic",
			"callerNumber": "+4930123456", "calleeNumber": "+4930123***"}`,
			id, uuid.NewSHA1(call, []byte{byte(s.rng.IntN(12))}), user, kind, stamp, end, n, n)
	case "direct_routing_calls":
		return fmt.Sprintf(`{"id": "00000000-0000-0000-0000-%012d", "userId": %q, "callType": "ByotOut",
			"inviteDateTime": %q, "startDateTime": %q, "endDateTime": %q, "duration": %d, "successfulCall": %t,
			"trunkFullyQualifiedDomainName": "sbc.example", "calleeNumber": "+4930123456", "finalSipCode": %d}`,
			id, user, stamp, at.Add(9*time.Second).Format(time.RFC3339), end, n, n%3 > 0, 486+n%3)
	case "sms_messages":
		return fmt.Sprintf(`{"id": "%d", "userId": %q, "smsType": "sms_in", "sentDateTime": %q, "smsUnits": %d,
			"callCharge": 0.05, "currency": "EUR"}`, id, user, stamp, n)
	}
	return fmt.Sprintf(`{"userId": %q, "blockDateTime": %q, "blockReason": "%d", "userBlockMode": "blocked"}`,
		user, stamp, n)
}

// time is one of a few days, often close to midnight.
func (s *rollupStorm) time() time.Time {
	day := time.Now().UTC().AddDate(0, 0, -5-s.rng.IntN(20)).Truncate(24 * time.Hour)
	return day.Add([]time.Duration{-20 * time.Second, 0, 20 * time.Second, 10 * time.Hour}[s.rng.IntN(4)])
}

func appendTo(t testing.TB, b *mapping.Batch, element string, served time.Time) {
	t.Helper()
	var doc mapping.Document
	if err := doc.Parse([]byte(element)); err != nil {
		t.Fatal(err)
	}
	if b.Append(doc.Root(), served); len(b.Rejects) > 0 {
		t.Fatalf("%s: %s", b.Rejects[0].Reason, element)
	}
}

// run starts a run. Of one that is held the transaction of its rows stays open
// until release.
func (s *rollupStorm) run(e fetch.Endpoint, hold bool) *store.Run {
	s.Helper()
	run, err := s.writers.StartRun(s.Context(), tenant, e.Name, "once", noon, noon)
	if err != nil {
		s.Fatal(err)
	}
	if hold {
		s.hold(`SELECT 1 FROM ingest.runs WHERE run_id = $1 FOR UPDATE`, run.ID)
	}
	return run
}

func (s *rollupStorm) hold(lock string, args ...any) {
	s.Helper()
	var err error
	if s.held == nil {
		s.held, err = s.holder.Begin(s.Context())
	}
	if err == nil {
		_, err = s.held.Exec(s.Context(), lock, args...)
	}
	if err != nil {
		s.Fatal(err)
	}
}

func (s *rollupStorm) release() {
	s.Helper()
	if s.held == nil {
		return
	}
	if err := s.held.Rollback(s.Context()); err != nil {
		s.Fatal(err)
	}
	s.held = nil
}

func (s *rollupStorm) begin(save func(context.Context) error) {
	s.writing.Go(func() {
		if err := save(s.Context()); err != nil {
			s.Error(err)
		}
	})
}

// refresh brings the rollups up to date with what is committed. A killed one is
// ended by the server in the middle, where it waits for a table.
func (s *rollupStorm) refresh(killed bool) {
	s.Helper()
	if !killed {
		refresh(s.T, s.db)
		return
	}
	lock, err := storetest.Conn(s.T, s.url).Begin(s.Context())
	if err == nil {
		_, err = lock.Exec(s.Context(), `LOCK TABLE rollup.user_activity_daily`)
	}
	if err == nil {
		_, err = s.conn.Exec(s.Context(), `SELECT rollup.note($1, 'sms_messages', $2, $2)`,
			tenant, daysAgo(5)+" 12:00Z")
	}
	if err != nil {
		s.Fatal(err)
	}
	refreshed := make(chan error, 1)
	go func() { refreshed <- s.db.RefreshRollups(s.Context(), nil) }()
	const kill = `SELECT coalesce(bool_or(pg_terminate_backend(pid)), false) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'
			AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`
	storetest.Eventually(s.T, func() bool { return storetest.Query[bool](s.T, s.conn, kill) })
	if err := <-refreshed; err == nil {
		s.Error("a refresh that was killed says nothing")
	}
	if err := lock.Rollback(s.Context()); err != nil {
		s.Fatal(err)
	}
}
