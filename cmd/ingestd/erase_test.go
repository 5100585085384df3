package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/parquet-go/parquet-go"

	"ingestd/internal/graphsim"
	"ingestd/internal/privacy/privacytest"
	"ingestd/internal/store/storetest"
)

// What is planted of two persons: one goes by a user id, the other by a number.
const (
	personID     = "3c9d1f62-8a4b-4e7c-9b15-5e2f7a8c4d90"
	personUPN    = "anna.zaunreiher@contoso.example"
	personName   = "Anna Zaunreiher"
	personNumber = "+4930987654321"
	otherNumber  = "+4940123987654"
	otherID      = "99999999-8a4b-4e7c-9b15-5e2f7a8c4d90"
)

var planted = []string{
	personID, personUPN, personName, personNumber, otherNumber, "10.211.77.3", "Zaunreihers Kopfhörer",
	"the nightingale was louder",
}

// plantedRows are rows that name the persons, by the function that serves them: of each one with an unknown member, and
// one that cannot be stored.
func plantedRows(at time.Time) (rows []graphsim.Row) {
	const user = `"userId": "` + personID + `", "userPrincipalName": "` + personUPN + `", "userDisplayName": "` +
		personName + `", "new": {"a": ["` + personID + `", "` + personUPN + `"]}`
	const from, to = `"` + personNumber + `"`, `"` + otherNumber + `"`
	text := at.Format(time.RFC3339)
	for operation, members := range map[string]string{
		"getPstnCalls": `"id": "planted", "startDateTime": "` + text + `", "endDateTime": "` + text + `",
			"duration": 60, "callType": "user_out", "callerNumber": ` + from + `, "calleeNumber": ` + to + `,
			"charge": 1, "currency": "EUR", "clientLocalIpV4Address": "10.211.77.3"`,
		"getDirectRoutingCalls": `"id": "planted", "startDateTime": "` + text + `", "duration": 60,
			"callType": "ByotOut", "callerNumber": ` + from + `, "calleeNumber": ` + to + `, "successfulCall": true`,
		"getSmsLog": `"sentDateTime": "` + text + `", "sourceNumber": ` + from + `, "destinationNumber": ` + to + `,
			"smsType": "outbound", "smsUnits": 1`,
		"getPstnBlockedUsersLog": `"userTelephoneNumber": ` + from + `, "blockDateTime": "` + text + `",
			"userBlockMode": "blocked", "blockReason": "fraud"`,
		"getPstnOnlineMeetingDialoutReport": `"usageLocation": "DE", "destinationContext": "Domestic",
			"currency": "EUR", "totalCalls": 3, "totalCallSeconds": 90, "totalCallCharge": 1`,
	} {
		json := []byte("{" + user + "," + members + "}")
		rows = append(rows, graphsim.Row{Operation: operation, Start: at, JSON: json})
	}
	return append(rows, graphsim.Row{Operation: "getPstnCalls", Start: at, JSON: []byte(`{"startDateTime": "` + text +
		`", ` + user + `}`)})
}

// plantedMeeting is a call record of both persons and another one.
func plantedMeeting(id string, at, available time.Time, version int) graphsim.CallRecord {
	side := func(id, name, device string) string {
		return fmt.Sprintf(`{"@odata.type": "#microsoft.graph.callRecords.participantEndpoint",
			"userAgent": {"@odata.type": "#microsoft.graph.callRecords.clientUserAgent", "headerValue": "Teams/1.0"},
			"associatedIdentity": {"@odata.type": "#microsoft.graph.userIdentity", "id": %[1]q, "displayName": %[2]q},
			"name": %[3]q, "feedback": {"rating": "bad", "text": "the nightingale was louder than %[2]s"}}`,
			id, name, device)
	}
	user := func(id, name, upn string) string {
		return fmt.Sprintf(`{"id": %[1]q, "identity": {"user": {"@odata.type": "#microsoft.graph.userIdentity",
			"id": %[1]q, "displayName": %[2]q, "userPrincipalName": %[3]q}}}`, id, name, upn)
	}
	start, end := at.Format(time.RFC3339), at.Add(10*time.Minute).Format(time.RFC3339)
	return graphsim.CallRecord{Start: at, Available: available, JSON: fmt.Appendf(nil, `{"id": %q, "version": %d,
		"type": "groupCall", "modalities": ["audio"], "startDateTime": %[3]q, "endDateTime": %[4]q,
		"lastModifiedDateTime": %[4]q,
		"joinWebUrl": "https://teams.example.com/?context=%%7b%%22Oid%%22%%3a%%22%[5]s%%22",
		"organizer_v2": %[6]s, "organizer": {"user": {"id": %[5]q, "displayName": %[7]q}},
		"participants_v2": [%[6]s, %[8]s, {"id": %[9]q, "identity": {"phone": {"id": %[9]q, "displayName": %[9]q}}}],
		"sessions": [{"id": %[1]q, "startDateTime": %[3]q, "endDateTime": %[4]q, "modalities": ["audio"],
			"caller": %[10]s, "callee": %[11]s, "segments": [{"id": %[1]q, "startDateTime": %[3]q, "endDateTime": %[4]q,
				"caller": %[10]s, "callee": %[11]s, "media": [{"label": "main-audio",
					"callerDevice": {"captureDeviceName": "Zaunreihers Kopfhörer"},
					"callerNetwork": {"ipAddress": "10.211.77.3", "subnet": "10.211.77.3", "connectionType": "wifi"},
					"calleeNetwork": {"ipAddress": "10.0.0.9"}}]}]}]}`,
		id, version, start, end, personID, user(personID, personName, personUPN), personName,
		user(otherID, "Ben", "ben@contoso.example"), otherNumber, side(personID, personName, "ZAUNREIHER-PC"),
		strings.ReplaceAll(side(otherID, "Ben", "BEN-PC"), "the nightingale was louder than", "I am"))}
}

// Figures that name nobody.
var namingNobody = []string{
	`TABLE analytics.call_volume_hourly`, `TABLE analytics.pstn_cost_daily`, `TABLE analytics.call_reliability_daily`,
	`SELECT day, sum(p2p_calls), sum(group_calls), sum(talk_s), sum(phone_s), sum(sms), count(*)
		FROM analytics.user_activity_daily GROUP BY day`,
	`SELECT day, source, sum(calls), sum(in_s), sum(out_s) FROM rollup.phone_user_daily GROUP BY day, source`,
	`SELECT external_country, direction, outcome, count(*) FROM analytics.telephony_calls GROUP BY 1, 2, 3`,
	`SELECT call_kind, count(*), count(DISTINCT organizer_user_id) FROM teams.call_records GROUP BY 1`,
	`SELECT identity_kind, endpoint_type, count(*), count(DISTINCT user_id) FROM teams.session_endpoints GROUP BY 1, 2`,
	`SELECT count(*), count(DISTINCT user_id) FROM teams.dialout_report`,
}

// A person whom erase has taken out is nowhere: not in a dump, a log or an export, though the erasure was killed, and
// not after what Graph serves again. Figures stay.
func TestToolsErased(t *testing.T) {
	storetest.Tools(t)
	for name, modes := range map[string]string{
		"kept": "", "modes": "identity: hmac, numbers: mask, location: truncate, free_text: drop, ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newErasing(t, modes)
			w.run("once")
			w.run("rejects", "retry", "--all")
			w.run("export", "parquet", "--to", w.folder, "--view", viewsToRead)
			needles := append([]string{w.storedID()}, planted...)
			if found := privacytest.Found(w.dump(), needles); modes == "" && len(found) < len(planted) ||
				len(privacytest.Found(w.exported(), needles)) == 0 {
				t.Fatalf("the test shows little: of %q there are %q", needles, found)
			}
			before, rows := w.figures(), w.rows()

			w.killed()
			daemon := launch(t, w.dir, "run")
			w.erase("--user", personID)
			w.erase("--number", otherNumber)
			daemon.signal(t, syscall.SIGTERM)
			daemon.exits(t, patience, exitOK)
			w.run("once")
			if diff := cmp.Diff(before, w.figures()); diff != "" {
				t.Errorf("figures (-before, +after):\n%s", diff)
			}
			w.wantGone("erased", needles)

			w.late.Store(true)
			w.run("backfill", "--from", daysBefore(5).Format(time.DateOnly), "--fresh", "0s")
			w.run("once")
			w.run("rejects", "retry", "--all")
			w.run("export", "parquet", "--to", w.folder, "--view", viewsToRead)
			const version = `SELECT version FROM teams.call_records WHERE id = $1`
			if n := storetest.Query[int](t, w.conn, version, w.id); n != 2 {
				t.Errorf("version %d of the record is stored", n)
			}
			if now := w.rows(); now != rows {
				t.Errorf("the logs have %s rows, and had %s before", now, rows)
			}
			w.wantGone("read again", needles)
			if found := privacytest.Found(append(w.exported(), w.log.Bytes()...), needles); len(found) > 0 {
				t.Errorf("exported or logged: %q", found)
			}
		})
	}
}

// An erasing is a tenant whose rows name persons, and its database.
type erasing struct {
	*testing.T
	url, dir, folder, id string
	conn                 *pgx.Conn
	late                 atomic.Bool // newer versions of records are available, and all can be read
	log                  bytes.Buffer
}

func newErasing(t *testing.T, modes string) *erasing {
	t.Helper()
	w := &erasing{T: t, url: storetest.URL(t), folder: t.TempDir(), id: "5b3e7d10-94c2-4f6a-b0a7-1c2d3e4f5a01"}
	w.conn = storetest.Conn(t, w.url)
	storetest.Divide(t, w.conn)
	const unread = "5b3e7d10-94c2-4f6a-b0a7-1c2d3e4f5a02"
	at := daysBefore(3).Add(9 * time.Hour)
	tenant := simulate(t, graphsim.Config{
		Seed: 1, Users: 10, CallsPerDay: 5, RecordsPerDay: 3, History: 5 * 24 * time.Hour, Extra: plantedRows(at),
		Records: []graphsim.CallRecord{
			plantedMeeting(w.id, at, at, 1), plantedMeeting(w.id, at, begun.Add(-time.Minute), 2),
			plantedMeeting(unread, at, at, 1),
		},
		Now: func() time.Time {
			if w.late.Load() {
				return begun
			}
			return begun.Add(-2 * time.Minute)
		},
	})
	tenant.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.Operation == "getCallRecord" && r.CallID == unread && !w.late.Load() {
			return graphsim.Fault{Body: graphsim.TrailingBody}
		}
		return graphsim.Fault{}
	})
	w.dir = workplace(t, w.url, tenant, "")
	file, key := filepath.Join(w.dir, "config.yaml"), filepath.Join(w.dir, "key")
	text, err := os.ReadFile(file)
	if err == nil {
		text = bytes.Replace(text, []byte("    limits:"),
			fmt.Appendf(nil, "    privacy: {%skey_file: %q}\n    limits:", modes, key), 1)
		err = os.WriteFile(file, text, 0o600)
	}
	if err == nil {
		err = os.WriteFile(key, bytes.Repeat([]byte("k"), 32), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// run runs the program to its end, and returns what it prints.
func (w *erasing) run(args ...string) string {
	w.Helper()
	p := prepare(w.dir, args...)
	p.Stderr = &w.log
	out, err := p.Output()
	if code := p.ProcessState.ExitCode(); code != exitOK && code != exitDegraded && code != exitFailed {
		w.Fatalf("%v: %v\n%s", args, err, w.log.Bytes())
	}
	return string(out)
}

func (w *erasing) erase(args ...string) {
	w.Helper()
	out := w.run(append([]string{"erase", "--yes"}, args...)...)
	if !strings.Contains(out, "Erased, and kept out") {
		w.Fatalf("%v: %s\n%s", args, out, w.log.Bytes())
	}
}

// killed kills an erasure that has done the call records.
func (w *erasing) killed() {
	w.Helper()
	if out := w.run("erase", "--user", personID); !strings.Contains(out, "teams.call_participants") {
		w.Errorf("not found:\n%s", out)
	}
	release := hold(w.T, w.url, noWrites)
	p := launch(w.T, w.dir, "erase", "--user", personID, "--yes")
	await(w.T, w.url, saving)
	p.Process.Kill()
	<-p.ended
	release()
	if n := storetest.Query[int](w, w.conn, `SELECT count(*) FROM ingest.erasures WHERE finished_at IS NULL`); n != 1 {
		w.Errorf("%d erasures are noted that are not finished", n)
	}
}

// storedID is the person's id, as modes store it.
func (w *erasing) storedID() string {
	w.Helper()
	return storetest.Query[string](w, w.conn, `SELECT user_id FROM teams.pstn_calls WHERE id = 'planted'`)
}

// rows are how many rows the logs have.
func (w *erasing) rows() string {
	w.Helper()
	return storetest.Query[string](w, w.conn, `SELECT concat_ws(' ', (SELECT count(*) FROM teams.pstn_calls),
		(SELECT count(*) FROM teams.direct_routing_calls), (SELECT count(*) FROM teams.sms_messages),
		(SELECT count(*) FROM teams.pstn_blocked_users_log), (SELECT count(*) FROM teams.dialout_report))`)
}

func (w *erasing) dump() []byte {
	w.Helper()
	dump := exec.CommandContext(w.Context(), storetest.Program(w, "pg_dump"), "--dbname="+w.url)
	out, err := dump.Output()
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func (w *erasing) wantGone(when string, needles []string) {
	w.Helper()
	dump := w.dump()
	for _, text := range privacytest.Found(dump, needles) {
		at := bytes.Index(bytes.ToLower(dump), []byte(strings.ToLower(text)))
		w.Errorf("%s: %q is in a dump: %.300s", when, text, dump[max(0, at-200):])
	}
}

func (w *erasing) figures() (all []string) {
	w.Helper()
	for _, q := range namingNobody {
		all = append(all, storetest.Query[string](w, w.conn,
			fmt.Sprintf(`SELECT coalesce(string_agg(q::text, E'\n' ORDER BY q::text), '') FROM (%s) q`, q)))
	}
	return all
}

// exported are the texts in the files that an export has written.
func (w *erasing) exported() (all []byte) {
	w.Helper()
	for _, name := range filesBelow(w.T, w.folder, ".parquet") {
		text, err := os.ReadFile(name)
		if err != nil {
			w.Fatal(err)
		}
		file, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			w.Fatal(err)
		}
		for _, group := range file.RowGroups() {
			all = slices.Concat(all, w.textsOf(group.Rows()))
		}
	}
	return all
}

func (w *erasing) textsOf(rows parquet.Rows) (all []byte) {
	w.Helper()
	defer rows.Close()
	for buffer := make([]parquet.Row, 100); ; {
		n, err := rows.ReadRows(buffer)
		for _, row := range buffer[:n] {
			for _, v := range row {
				all = append(append(all, v.String()...), '\n')
			}
		}
		if err == io.EOF {
			return all
		}
		if err != nil {
			w.Fatal(err)
		}
	}
}
