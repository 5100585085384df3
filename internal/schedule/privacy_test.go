package schedule_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ingestd/internal/catalog"
	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/privacy/privacytest"
	"ingestd/internal/schedule"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// figures are questions of analysts whose answers name nobody.
var figures = []string{
	`SELECT source || external_country || external_prefix || direction || outcome || is_number_masked, count(*),
		count(DISTINCT user_id), count(DISTINCT external_number) FROM analytics.telephony_calls GROUP BY 1`,
	`SELECT call_kind, count(*), count(DISTINCT organizer_user_id) FROM teams.call_records GROUP BY 1`,
	`SELECT identity_kind, count(*), count(DISTINCT user_id), count(DISTINCT identity_id)
		FROM teams.session_endpoints GROUP BY 1`,
	`SELECT identity_kind, count(*), count(DISTINCT participant_id) FROM teams.call_participants GROUP BY 1`,
	`SELECT source, count(*) FROM teams.users GROUP BY 1`,
	`SELECT count(*), count(DISTINCT event_key), count(DISTINCT user_id) FROM teams.pstn_blocked_users_log`,
	`SELECT count(*), count(DISTINCT report_key), sum(total_calls) FROM teams.dialout_report`,
	`SELECT id_source, count(*), count(DISTINCT id) FROM teams.sms_messages GROUP BY 1`,
}

// With pseudonyms nothing personal that Graph serves is in the database or the log, though some of it cannot be stored
// or read, and analysts count the same as without.
func TestPseudonymsOfATenant(t *testing.T) {
	t.Parallel()
	policy, err := privacy.New(map[catalog.Class]privacy.Mode{
		catalog.Identity: privacy.HMAC, catalog.Numbers: privacy.HMAC, catalog.Location: privacy.HMAC,
		catalog.Text: privacy.Drop,
	}, make([]byte, 32), scheduletest.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	log := new(lockedBuffer)
	c := scheduletest.Config{Graph: graphsim.Config{Seed: 20, Users: 20, CallsPerDay: 10, History: 3 * day}}
	for _, e := range fetch.Endpoints {
		c.Endpoints = append(c.Endpoints, e.Name)
	}
	c.Log = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), log, zap.DebugLevel))
	open := scheduletest.New(t, c)
	storetest.Divide(t, open.Conn)
	read(open)
	c.Privacy = policy
	w := read(scheduletest.New(t, c))

	for _, table := range []string{"rejects", "parked", "details_retries"} {
		if storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.`+table) == 0 {
			t.Errorf("ingest.%s is empty: the test shows little", table)
		}
	}
	values, err := privacytest.Values(w.Documents()...)
	if err != nil || len(values) < 100 {
		t.Fatalf("%d values, %v", len(values), err)
	}
	if n := len(privacytest.Found(everything(open), values)); n < len(values)/2 {
		t.Errorf("of %d values that are kept %d are found: the test shows little", len(values), n)
	}
	if found := privacytest.Found(everything(w), values); len(found) > 0 {
		t.Errorf("of %d values %d are in the database: %.300q", len(values), len(found), found)
	}
	if found := privacytest.Found([]byte(log.String()), values); len(found) > 0 {
		t.Errorf("of %d values %d are in the log: %.300q", len(values), len(found), found)
	}
	for _, q := range figures {
		sql := fmt.Sprintf(`SELECT coalesce(string_agg(q::text, E'\n' ORDER BY q::text), '') FROM (%s) q`, q)
		want, got := storetest.Query[string](t, open.Conn, sql), storetest.Query[string](t, w.Conn, sql)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-as served, +with pseudonyms):\n%s", q, diff)
		}
	}
	rewrite(open, policy)
	if found := privacytest.Found(everything(open), values); len(found) > 0 {
		t.Errorf("of %d values %d are in the database once it is rewritten: %.300q", len(values), len(found), found)
	}
	if diff := cmp.Diff(tablesOf(w), tablesOf(open)); diff != "" {
		t.Errorf("tables (-read with pseudonyms, +rewritten):\n%s", diff)
	}
}

// Personal data past its term goes: rows are as if they had been read so, also those that are read later of that time.
func TestTermOfPersonalData(t *testing.T) {
	t.Parallel()
	aged, err := privacy.New(privacy.Aged(nil), make([]byte, 32), scheduletest.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	c := scheduletest.Config{
		Graph: graphsim.Config{Seed: 21, Users: 20, CallsPerDay: 60, RecordsPerDay: 8, History: 5 * day},
		Reach: 6 * day, Log: zap.NewNop(),
	}
	for _, e := range fetch.Endpoints {
		c.Endpoints = append(c.Endpoints, e.Name)
	}
	w := scheduletest.New(t, c)
	storetest.Divide(t, w.Conn)
	readEach(w)
	c.Aged, c.AgedAfter = aged, 3*day // from a day before
	late := scheduletest.New(t, c)
	readEach(late)

	before := w.Now().Truncate(day).Add(-2 * day)
	const kept = `SELECT array_agg(user_id::text ORDER BY user_id) FROM teams.users WHERE last_seen_on >= $1`
	users := storetest.Query[[]string](t, w.Conn, kept, before)
	p := &schedule.Pruner{DB: w.DB, Tenants: []uuid.UUID{scheduletest.Tenant}, Retention: schedule.Retention{
		Personal: 2 * day,
		Aged:     map[uuid.UUID]func(*mapping.Model) *mapping.Batch{scheduletest.Tenant: aged.NewBatch},
	}}
	if plan, err := p.Plan(t.Context()); err != nil || len(plan) < 3 {
		t.Errorf("planned: %+v, %v", plan, err)
	}
	done, err := p.Prune(t.Context())
	if err != nil || len(done) != 1 || done[0].Rows == 0 || !done[0].Before.Equal(before) {
		t.Fatalf("done: %+v, %v", done, err)
	}
	if plan, err := p.Plan(t.Context()); err != nil || len(plan) > 0 {
		t.Errorf("planned again: %+v, %v", plan, err)
	}
	survey, err := w.DB.Survey(t.Context(), w.Now(), 0)
	if err != nil || len(survey.Standings) != len(fetch.Endpoints) {
		t.Fatalf("%d endpoints stand, %v", len(survey.Standings), err)
	}
	for _, s := range survey.Standings {
		if s.PersonalFrom == nil || !s.PersonalFrom.Equal(before) {
			t.Errorf("personal data of %s went before %v", s.Name, s.PersonalFrom)
		}
	}
	if got := storetest.Query[[]string](t, w.Conn, kept, before); !slices.Equal(got, users) {
		t.Errorf("users of rows that are not old: %v, were %v", got, users)
	}
	const old = `SELECT count(*) FROM teams.users WHERE last_seen_on < $1 AND display_name !~ '^x[a-z2-7]{26}$'`
	if n := storetest.Query[int](t, w.Conn, old, before); n > 0 {
		t.Errorf("%d users are named whom only old rows name", n)
	}
	want := tablesOf(late)
	delete(want, "teams.users") // old rows name other ones
	wantTables := func(what string) {
		t.Helper()
		got := tablesOf(w)
		delete(got, "teams.users")
		delete(got, "ingest.rewrites")
		delete(want, "ingest.rewrites")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tables (-read late, +%s):\n%s", what, diff)
		}
	}
	wantTables("rewritten")
	again := late.In(w.Conn.Config().ConnString())
	again.Forget()
	readEach(again)
	wantTables("rewritten and read again")
}

// readEach reads all endpoints.
func readEach(w *scheduletest.World) {
	w.Helper()
	for _, e := range fetch.Endpoints {
		w.Of(e.Name).Once()
	}
	w.Derive()
}

// rewrite rewrites all that is stored in a world, as if it had been read with a policy.
func rewrite(w *scheduletest.World, policy *privacy.Policy) {
	w.Helper()
	rewrites, err := schedule.Rewrites(scheduletest.Tenant, "test", policy.NewBatch)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.DB.Rewrite(w.Context(), rewrites, nil); err != nil {
		w.Fatal(err)
	}
}

// metadata are columns that say when and how something was read or written.
var metadata = strings.Fields(`attempts change_xid details_at details_month error failed_at failures ingested_at next_at
	request_id run_id seen_at served_at since updated_at`)

// tablesOf are the rows of tables, with those of their months, without metadata.
func tablesOf(w *scheduletest.World) map[string][]string {
	w.Helper()
	tables := storetest.Query[[]string](w, w.Conn, `SELECT array_agg(format('%I.%I', schemaname, tablename))
		FROM pg_tables WHERE schemaname = 'teams' AND tablename !~ '_\d{4}_\d\d$'
			OR tablename IN ('rejects', 'parked', 'details_retries', 'rewrites')`)
	all := map[string][]string{}
	for _, table := range tables {
		all[table] = storetest.Query[[]string](w, w.Conn, fmt.Sprintf(`
			SELECT coalesce(array_agg(row::text ORDER BY row::text), '{}')
			FROM %s AS t
			CROSS JOIN LATERAL (
				SELECT to_jsonb(t) - $1::text[] AS row
			) AS rows`, table), metadata)
	}
	return all
}

// read reads all endpoints of a world, where the database refuses some rows and some answers are garbled.
func read(w *scheduletest.World) *scheduletest.World {
	w.Helper()
	w.Exec(`ALTER TABLE teams.direct_routing_calls ADD CONSTRAINT own CHECK (duration_s % 2 <> 0)`)
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.Operation == "getPstnCalls" && r.From.Day()%2 == 0 ||
			r.Operation == "getCallRecord" && strings.HasSuffix(r.CallID, "0") {
			return graphsim.Fault{Body: graphsim.TrailingBody}
		}
		return graphsim.Fault{}
	})
	for _, e := range fetch.Endpoints {
		_, _ = w.Of(e.Name).Try(w.Context()) // it fails where it has to
	}
	w.Derive()
	return w
}

// everything is all rows of all tables, as COPY sends them in binary.
func everything(w *scheduletest.World) []byte {
	w.Helper()
	tables := storetest.Query[[]string](w, w.Conn, `SELECT array_agg(format('%I.%I', schemaname, tablename))
		FROM pg_tables WHERE schemaname IN ('teams', 'ingest', 'rollup', 'ref')`)
	var all bytes.Buffer
	for _, table := range tables {
		_, err := w.Conn.PgConn().CopyTo(w.Context(), &all, "COPY (TABLE "+table+") TO STDOUT (FORMAT binary)")
		if err != nil {
			w.Fatal(err)
		}
	}
	return all.Bytes()
}
