package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/graphsim"
	"ingestd/internal/notify"
	"ingestd/internal/notify/hubtest"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// newNotified is a world of call records that Graph notifies of.
func newNotified(t *testing.T, records ...graphsim.CallRecord) *scheduletest.World {
	t.Helper()
	return newNotifiedAhead(t, 0, records...)
}

// newNotifiedAhead is one with a machine whose date is ahead.
func newNotifiedAhead(t *testing.T, ahead time.Duration, records ...graphsim.CallRecord) *scheduletest.World {
	t.Helper()
	c := scheduletest.RecordsConfig(records...)
	c.Notified, c.Ahead = true, ahead
	w := scheduletest.New(t, c)
	w.Advance(20 * time.Minute)
	if err := w.Subscribe(); err != nil {
		t.Fatal(err)
	}
	return w
}

// appears is the nth record, which is there from so many minutes past noon on.
func appears(n int, version int64, minutes int) graphsim.CallRecord {
	r := scheduletest.Record(n, version, 2, 2)
	r.Available = scheduletest.Noon.Add(time.Duration(minutes) * time.Minute)
	return r
}

// A record that is told is stored before the list is read, once, and each version of it. What nothing comes of costs a
// few requests, however often it is told.
func TestToldRecords(t *testing.T) {
	t.Parallel()
	w := newNotified(t, appears(1, 1, 30), appears(1, 2, 40), appears(2, 1, 50))
	w.Once()
	lists := w.Graph.Requests().Answers["listCallRecords"][200]
	for _, step := range []struct {
		after            time.Duration
		tell             bool
		stored, requests int
	}{
		{after: 15 * time.Minute, tell: true, stored: 1, requests: 2},
		{after: time.Minute},
		{after: 5 * time.Minute, tell: true, stored: 1, requests: 2}, // version 2
		{after: 10 * time.Minute, tell: true, stored: 1, requests: 2},
	} {
		before := detailRequests(w)
		w.Advance(step.after)
		w.Notify()
		stored := w.Told()
		if requests := detailRequests(w) - before; stored != step.stored || requests != step.requests {
			t.Errorf("at %v: %d stored by %d requests, want %+v", w.Now(), stored, requests, step)
		}
	}
	if after := w.Graph.Requests().Answers["listCallRecords"][200]; after != lists {
		t.Errorf("the list was read %d times", after-lists)
	}
	w.Exec(`UPDATE ingest.told_records SET due = true, attempts = 0`) // killed before it was noted what came of them
	before := detailRequests(w)
	if stored, requests := w.Twin().Told(), detailRequests(w)-before; stored > 0 || requests != 2 {
		t.Errorf("after a crash %d records are stored again, by %d requests, want one each", stored, requests)
	}
	w.WantServed()
}

// A record that is told while Graph still serves the version that is stored costs one request each time it is told,
// four at most, and is left to the list in between.
func TestToldOfNothingNew(t *testing.T) {
	t.Parallel()
	w := newNotified(t, appears(1, 1, 10))
	w.Once()
	for n := 1; n <= 6; n++ {
		if status := w.Post(told(w, scheduletest.RecordID(1))); status != 202 {
			t.Errorf("status %d", status)
		}
		for _, want := range []int{map[bool]int{true: 1}[n <= store.ToldTries], 0} {
			w.Advance(10 * time.Minute)
			before := detailRequests(w)
			stored := w.Told()
			if asked := detailRequests(w) - before; stored > 0 || asked != want {
				t.Errorf("told %d times: %d stored, %d requests, want %d", n, stored, asked, want)
			}
		}
	}
}

// What is told to a daemon that has just been started, before Graph has answered it, is due at once, however far this
// machine's clock is ahead, and is told as of a time that has been.
func TestToldBeforeGraphAnswers(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{50 * time.Minute, 400 * day} {
		w := newNotifiedAhead(t, ahead, appears(1, 1, 30)).Twin()
		w.Advance(15 * time.Minute)
		w.Notify()
		last := storetest.Query[time.Time](t, w.Conn, `SELECT notified_at FROM ingest.subscriptions`)
		if stored := w.Told(); stored != 1 || last.After(w.Now()) {
			t.Errorf("%v ahead: %d records are stored, want 1; told at %v, it is %v", ahead, stored, last, w.Now())
		}
	}
}

// told is the body of a notification of the world's subscription, but for what is changed in it.
func told(w *scheduletest.World, call string, changes ...string) string {
	id := storetest.Query[string](w, w.Conn, `SELECT subscription_id::text FROM ingest.subscriptions`)
	text := fmt.Sprintf(`{"value": [{"subscriptionId": %q, "clientState": "secret", "tenantId": %q,
		"resourceData": {"@odata.type": "#Microsoft.Graph.callrecord", "id": %q}}]}`, id, graphsim.TenantID, call)
	w.Exec(`UPDATE ingest.subscriptions SET client_state_hash = sha256('secret')`)
	if err := w.Subscribe(); err != nil { // who takes notifications knows it from then on
		w.Fatal(err)
	}
	return strings.NewReplacer(changes...).Replace(text)
}

// flood tells so often of calls, each as often as the others, in bodies as large as may be.
func flood(w *scheduletest.World, times int, calls []string, changes ...string) {
	w.Helper()
	const call, atOnce = "CALL", 500
	head, rest, _ := strings.Cut(told(w, call, changes...), "[")
	item, tail, _ := strings.Cut(rest, "]")
	item = strings.Join(strings.Fields(item), "")
	for n := 0; n < times; n += atOnce {
		items := make([]string, 0, atOnce)
		for i := n; i < min(n+atOnce, times); i++ {
			items = append(items, strings.Replace(item, call, calls[i%len(calls)], 1))
		}
		if status := w.Post(head + "[" + strings.Join(items, ",") + "]" + tail); status != 202 {
			w.Fatalf("status %d", status)
		}
	}
}

// Whatever is lost, repeated, late by hours, forged or sent ten thousand times a minute, all tables are in the end as
// without notifications, and what is told of no record, or of nothing new, costs a few requests at most.
func TestUntrueNotifications(t *testing.T) {
	t.Parallel()
	c := scheduletest.Config{
		Endpoints: []string{"call_records"},
		Graph:     graphsim.Config{Seed: 5, Users: 40, RecordsPerDay: 60, CallsPerDay: -1, History: day},
	}
	alone := scheduletest.New(t, c)
	c.Notified = true
	w := scheduletest.New(t, c)
	if err := w.Subscribe(); err != nil {
		t.Fatal(err)
	}
	pass := func(d time.Duration) {
		alone.Advance(d)
		w.Advance(d)
		w.Notify()
		alone.Once()
		w.Once()
	}
	w.Graph.SetNotifications(func(n graphsim.Notification) graphsim.Delivery {
		return graphsim.Delivery{
			Lost: n.N%3 == 0, Delay: time.Duration(n.N%4) * 100 * time.Minute, Copies: n.N % 5 * 40,
		}
	})
	for range 10 {
		pass(20 * time.Minute)
	}
	w.Graph.SetNotifications(func(graphsim.Notification) graphsim.Delivery { return graphsim.Delivery{Lost: true} })
	unknown := make([]string, 20)
	for n := range unknown {
		unknown[n] = scheduletest.RecordID(n)
	}
	for range 6 {
		records := storetest.Query[[]string](t, w.Conn, `SELECT array_agg(id::text) FROM teams.call_records`)
		flood(w, 10_000, append(unknown, records...))
		flood(w, 1_000, []string{uuid.NewString()}, "secret", "guess")
		flood(w, 1_000, []string{uuid.NewString()}, graphsim.TenantID, uuid.NewString())
		pass(20 * time.Minute)
	}
	for range 8 { // by then the list has told either of each new version
		pass(12 * time.Hour)
	}
	if diff := cmp.Diff(tablesOf(alone), tablesOf(w)); diff != "" {
		t.Errorf("all tables, without notifications (-) and with (+):\n%s", diff)
	}
	records := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM teams.call_records`)
	more, most := detailRequests(w)-detailRequests(alone), store.ToldTries*(records+len(unknown))
	if n := w.Graph.Requests().Answers["getCallRecord"][404]; more > most || n < store.ToldTries*len(unknown) {
		t.Errorf("%d requests more than without notifications, want %d at most: %d records and %d ids of none",
			more, most, records, len(unknown))
	}
}

// What is forged or stale is answered as if it had been taken, and not stored.
func TestForgedNotifications(t *testing.T) {
	t.Parallel()
	w := newNotified(t)
	call := scheduletest.RecordID(1)
	for _, c := range []struct {
		changes []string
		status  int
		want    notify.Outcome
	}{
		{nil, 202, notify.Accepted},
		{[]string{"secret", "guess"}, 202, notify.Forged},
		{[]string{graphsim.TenantID, "5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d11"}, 202, notify.Foreign},
		{[]string{`"subscriptionId": "`, `"subscriptionId": "0`}, 202, notify.Stale},
		{[]string{call, "../../users"}, 202, notify.Malformed},
		{[]string{"callrecord", "chatMessage"}, 202, notify.Malformed},
		{[]string{`"value"`, `"values"`}, 400, notify.Garbage},
	} {
		before := w.Outcomes()
		status := w.Post(told(w, call, c.changes...))
		before[c.want]++
		if diff := cmp.Diff(before, w.Outcomes()); status != c.status || diff != "" {
			t.Errorf("%v: status %d, outcomes (-want +got):\n%s", c.changes, status, diff)
		}
	}
	if n := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.told_records`); n != 1 {
		t.Errorf("%d ids are stored, want 1", n)
	}
}

// fill has as many call records be remembered as may be, of which nothing came.
func fill(w *scheduletest.World) {
	w.Helper()
	w.Exec(`INSERT INTO ingest.told_records (tenant_id, call_id, told_at, due, attempts, next_at)
		SELECT tenant_id, gen_random_uuid(), renewed_at, false, 4, renewed_at
		FROM ingest.subscriptions, generate_series(1, 50000)`)
}

// What is told and came to nothing is forgotten after a day. Until then no more than so many are remembered, and what
// is told beyond is refused, which Graph sends again.
func TestToldRecordsAreBounded(t *testing.T) {
	t.Parallel()
	w := newNotified(t)
	fill(w)
	for _, step := range []struct {
		after      time.Duration
		status, of int
		want       notify.Outcome
	}{
		{0, 503, 50_000, notify.Refused},
		{day, 503, 50_000, notify.Refused},
		{time.Second, 202, 1, notify.Accepted},
	} {
		w.Advance(step.after)
		status := w.Post(told(w, scheduletest.RecordID(1)))
		n := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.told_records`)
		if status != step.status || n != step.of || w.Outcomes()[step.want] == 0 {
			t.Errorf("at %v: status %d, %d ids, %v; want %+v", w.Now(), status, n, w.Outcomes(), step)
		}
	}
}

// What a hub tells of a tenant of which so many are remembered is passed over, so that others' messages get on. The
// list names it.
func TestHubOfFullTenant(t *testing.T) {
	t.Parallel()
	c := scheduletest.RecordsConfig(appears(1, 1, 30))
	c.Hub = true
	w := scheduletest.New(t, c)
	w.Advance(20 * time.Minute)
	if err := w.Subscribe(); err != nil {
		t.Fatal(err)
	}
	fill(w)
	w.Advance(15 * time.Minute)
	w.Notify()
	if n := w.Outcomes()[notify.Full]; n != 1 || w.Told() != 0 {
		t.Errorf("%d notifications were passed over, want 1", n)
	}
	w.Once()
	w.WantServed()
}

// A subscription is made, renewed at half its life, taken over after a crash, and made anew when it is gone.
func TestSubscriptionIsKept(t *testing.T) {
	t.Parallel()
	w := newNotified(t)
	id := func() string {
		return storetest.Query[string](t, w.Conn, `SELECT subscription_id::text FROM ingest.subscriptions`)
	}
	left := func() time.Duration {
		at := storetest.Query[time.Time](t, w.Conn, `SELECT expires_at FROM ingest.subscriptions`)
		return at.Sub(w.Now()).Round(time.Hour)
	}
	for _, step := range []struct {
		name string
		do   func()
		same bool // it is the same subscription after that
		left time.Duration
	}{
		{"nothing happens", func() {}, true, 70 * time.Hour},
		{"time passes", func() { w.Advance(20 * time.Hour) }, true, 50 * time.Hour},
		{"half its life is over", func() { w.Advance(16 * time.Hour) }, true, 70 * time.Hour},
		{"Graph asks for it", func() {
			w.Advance(10 * time.Hour)
			w.Graph.Lifecycle(t.Context(), "reauthorizationRequired")
		}, true, 70 * time.Hour},
		{"killed before it was noted", func() {
			w.Exec(`UPDATE ingest.subscriptions SET subscription_id = NULL`)
		}, true, 70 * time.Hour},
		{"deleted behind its back", w.Graph.DeleteSubscriptions, false, 70 * time.Hour},
		{"expired while the daemon slept", func() { w.Advance(4 * day) }, false, 70 * time.Hour},
		{"its secret is lost", func() { w.Exec(`DELETE FROM ingest.subscriptions`) }, false, 70 * time.Hour},
	} {
		before := id()
		step.do()
		if err := w.Subscribe(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if same := id() == before; same != step.same || left() != step.left || w.Graph.Subscriptions() != 1 {
			t.Errorf("%s: the same %v, %v left, %d subscriptions", step.name, same, left(), w.Graph.Subscriptions())
		}
	}
	twin := w.Elsewhere()
	w.Exec(`DELETE FROM ingest.subscriptions`)
	if err := twin.Subscribe(); err == nil || !strings.Contains(err.Error(), `host "127.0.0.1"`) {
		t.Errorf("beside another's subscription: %v", err)
	}
}

// A daemon subscribes, stores what it is told before the list is read again, and subscribes again when the subscription
// is gone.
func TestDaemonHearsNotifications(t *testing.T) {
	t.Parallel()
	c := scheduletest.RecordsConfig(appears(1, 1, 30), appears(2, 1, 50))
	c.Notified, c.Locked, c.Every = true, true, 12*time.Hour
	w := scheduletest.New(t, c)
	ran := func(trigger string) int {
		return storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.runs
			WHERE finished_at IS NOT NULL AND trigger = '`+trigger+`'`)
	}
	steps := []struct {
		do    func()
		until func() bool // a second passes each time it is asked
	}{
		{func() {}, func() bool { return w.Graph.Subscriptions() == 1 && ran("start") == 1 }},
		{func() { w.Advance(35 * time.Minute); w.Notify() }, func() bool { return len(withDetails(t, w)) == 1 }},
		{w.Graph.DeleteSubscriptions, func() bool { return w.Graph.Subscriptions() == 1 }},
		{func() { w.Advance(15 * time.Minute); w.Notify() }, func() bool { return len(withDetails(t, w)) == 2 }},
	}
	begun := false
	w.Daemon(func() bool {
		if !begun {
			steps[0].do()
		}
		w.Advance(time.Second)
		if begun = !steps[0].until(); !begun {
			steps = steps[1:]
		}
		return len(steps) == 0
	})
	if ran("schedule") > 0 {
		t.Error("the schedule came round")
	}
}

// While notifications arrive the newest hours are listed every 15 minutes, and every 5 once they stop, or some are
// known to be missing.
func TestListIsReadLessOftenWhileNotificationsArrive(t *testing.T) {
	t.Parallel()
	var records []graphsim.CallRecord
	for minute := 21; minute <= 45; minute += 2 {
		records = append(records, appears(minute, 1, minute))
	}
	w := newNotified(t, records...)
	w.Once()
	listed := ""
	for range 12 { // the last notification comes at a quarter to one
		w.Advance(5 * time.Minute)
		w.Notify()
		listed += map[bool]string{true: "L", false: "-"}[w.Tick(5*time.Minute).Windows > 0]
	}
	if want := "--L--L--LLLL"; listed != want { // from 25 past on
		t.Errorf("listed %s, want %s", listed, want)
	}
	w.WantServed()
}

// What Graph sends to an event hub is stored as what it sends by a webhook is. Who dies before that is marked leaves it
// to the next, which costs no request. While the hub cannot be read, the subscription says why, and the list goes on.
func TestNotificationsByEventHub(t *testing.T) {
	t.Parallel()
	c := scheduletest.RecordsConfig(appears(1, 1, 30), appears(2, 1, 50), appears(3, 1, 60))
	c.Hub = true
	w := scheduletest.New(t, c)
	w.Advance(20 * time.Minute)
	if err := w.Subscribe(); err != nil {
		t.Fatal(err)
	}
	w.Once()
	w.Hub().Read() // what Graph sends to see whether it can
	w.Hub().LoseMarks(true)
	w.Advance(15 * time.Minute)
	w.Graph.Notify(t.Context())
	told := func() int {
		return storetest.Query[int](t, w.Conn, `SELECT coalesce(sum(times), 0) FROM ingest.told_records`)
	}
	storetest.Eventually(t, func() bool { return told() == 1 })
	w.StopReading()
	w.Hub().LoseMarks(false)
	twin := w.Twin()
	w.Hub().Read()
	before := detailRequests(w)
	if n, stored := told(), twin.Told(); n != 2 || stored != 1 || detailRequests(w)-before != 2 {
		t.Errorf("told %d times, %d stored by %d requests; want 2, 1, 2", n, stored, detailRequests(w)-before)
	}
	twin.StopReading()
	w.Hub().SignIn("another")
	w.Advance(20 * time.Minute)
	w.Graph.Notify(t.Context())
	locked := w.Twin()
	storetest.Eventually(t, func() bool { return locked.Subscribe() != nil })
	why := storetest.Query[string](t, w.Conn, `SELECT coalesce(error, '') FROM ingest.subscriptions`)
	read := locked.Once()
	if read.Windows == 0 || !strings.Contains(why, "connection_string_file") {
		t.Errorf("%d windows of the list were read; %q", read.Windows, why)
	}
	w.Hub().SignIn(hubtest.ConnectionString)
	w.Advance(10 * time.Minute)
	locked.Notify()
	if err, stored := locked.Subscribe(), locked.Told(); err != nil || read.Details+stored != 2 {
		t.Errorf("%d records are stored, want 2: %v", read.Details+stored, err)
	}
	if seen := w.Outcomes()[notify.Validation]; seen == 0 {
		t.Error("Graph has not seen whether it can send")
	}
	w.WantServed()
}
