package schedule_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ingestd/internal/graphsim"
)

// TestBreakHostileTexts puts each text into every string of a record.
func TestBreakHostileTexts(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	random := ""
	for i := 0; len(random) < 3000; i++ {
		random += fmt.Sprintf("%x", i*2654435761)
	}
	texts := map[string]string{
		"nul": `"a\u0000b"`, "surrogate": `"\ud800x"`, "big": `"` + big + `"`, "random3000": `"` + random + `"`, "bad utf8": "\"a\xff\xfeb\"",
		"number": `12e400`, "array": `[{"a":1},2]`, "object": `{"a":{"b":null}}`, "empty": `""`, "true": `true`, "neg": `-99999999999999999999`,
		"infinity": `"infinity"`, "bom": `"\ufeff\u202e"`, "GUID": `"0F0F0F0F-0000-4000-8000-00000000000A"`, "epoch": `"0001-01-01T00:00:00Z"`,
		"bc": `"-4714-01-01T00:00:00Z"`, "year 9999": `"9999-12-31T23:59:59.9999999Z"`, "dup": `{"a":1,"a":2}`,
	}
	var template any
	full := `{"id":"X","version":7,"type":"groupCall","modalities":["audio"],"startDateTime":"T","endDateTime":"T","lastModifiedDateTime":"T","joinWebUrl":"S",
	"organizer_v2":{"id":"S","identity":{"user":{"id":"S","displayName":"S","tenantId":"S","userPrincipalName":"S"}},"administrativeUnitInfos":[{"id":"S"}]},
	"participants_v2":[{"id":"S","identity":{"user":{"id":"S","displayName":"S","tenantId":"S","userPrincipalName":"S"},"endpointType":"S"},"administrativeUnitInfos":[{"id":"S"}]}],
	"sessions":[{"id":"S","startDateTime":"S","endDateTime":"S","modalities":["S"],"failureInfo":{"stage":"S","reason":"S"},"isTest":"S",
	"caller":{"@odata.type":"#microsoft.graph.callRecords.participantEndpoint","associatedIdentity":{"@odata.type":"#microsoft.graph.userIdentity","id":"S","displayName":"S","tenantId":"S","userPrincipalName":"S"},"name":"S","cpuName":"S","cpuCoresCount":"S","userAgent":{"headerValue":"S","applicationVersion":"S","platform":"S","azureADAppId":"S","communicationServiceId":"S","role":"S"},"feedback":{"rating":"S","text":"S","tokens":"S"}},
	"callee":"S","segments":[{"id":"S","startDateTime":"S","endDateTime":"S","failureInfo":"S","caller":{"associatedIdentity":"S","name":"S"},"callee":{"userAgent":"S"},
	"media":[{"label":"S","callerDevice":{"captureDeviceName":"S","captureDeviceDriver":"S","micGlitchRate":"S","howlingEventCount":"S"},"callerNetwork":{"subnet":"S","ipAddress":"S","macAddress":"S","port":"S","linkSpeed":"S","traceRouteHops":"S","bandwidthLowEventRatio":"S"},"calleeNetwork":"S",
	"streams":[{"streamId":"S","startDateTime":"S","averageJitter":"S","packetUtilization":"S","averagePacketLossRate":"S","wasMediaBypassed":"S","audioCodec":"S"}]}]}]}]}`
	_ = json.Unmarshal([]byte(full), &template)
	var records []graphsim.CallRecord
	n := 0
	names := map[string]string{}
	for name, text := range texts {
		for _, whole := range []bool{false, true} {
			n++
			names[recordID(n)] = fmt.Sprint(name, whole)
			start := time.Date(2026, 6, 12, 8, 0, n, 0, time.UTC)
			j := strings.ReplaceAll(full, `"X"`, `"`+recordID(n)+`"`)
			j = strings.Replace(j, `"startDateTime":"T"`, `"startDateTime":"`+start.Format(time.RFC3339)+`"`, 1)
			if whole { // the header too
				j = strings.ReplaceAll(j, `"T"`, text)
				j = strings.ReplaceAll(j, `["audio"]`, text)
			} else {
				j = strings.ReplaceAll(j, `"T"`, `"2026-06-12T09:00:00Z"`)
			}
			j = strings.ReplaceAll(j, `"S"`, text)
			records = append(records, graphsim.CallRecord{Start: start, JSON: []byte(j)})
		}
	}
	w := newRecordsWorld(t, given(records...))
	for range 3 {
		w.once()
		w.advance(30 * time.Minute)
	}
	rows, _ := w.conn.Query(t.Context(), `SELECT call_id::text, error FROM ingest.expansions`)
	for rows.Next() {
		var id, why string
		_ = rows.Scan(&id, &why)
		t.Errorf("%s: %s", names[id], why)
	}
	t.Log(w.query(`SELECT count(*) FROM teams.call_records WHERE expanded_version = version`), len(records), w.query(`SELECT string_agg(DISTINCT reason || stored || (resolved_at IS NULL), ', ') FROM ingest.rejects`))
	for document := range w.sim.CallRecords(w.now.Add(-30*24*time.Hour), w.now) {
		if name := names[idOf(document)]; strings.HasPrefix(name, "nul") || strings.HasPrefix(name, "surr") || strings.HasPrefix(name, "bad") || strings.HasPrefix(name, "dup") {
			continue
		}
		w.wantTree(document)
	}
}

// TestBreakVersions serves versions that are none, or odd.
func TestBreakVersions(t *testing.T) {
	var records []graphsim.CallRecord
	for i, v := range []string{`1.0`, `"3"`, `-5`, `0`, `9223372036854775807`, `9223372036854775808`, `null`, `1e3`, `true`, `"x"`} {
		r := aRecord(i, 1, 1, 1)
		r.JSON = []byte(strings.Replace(string(r.JSON), `"version":1`, `"version":`+v, 1))
		records = append(records, r)
	}
	upper := aRecord(20, 1, 1, 1)
	upper.JSON = []byte(strings.Replace(string(upper.JSON), recordID(20), "0000000A-000B-4000-8000-ABCDEF000020", 1))
	noID := aRecord(21, 1, 1, 1)
	noID.JSON = []byte(strings.Replace(string(noID.JSON), recordID(21), "../../users", 1))
	noStart := aRecord(22, 1, 1, 1)
	noStart.JSON = []byte(strings.Replace(string(noStart.JSON), `"startDateTime":"2026-06-12T08:00:22Z","type"`, `"type"`, 1))
	old := aRecord(23, 1, 1, 1)
	old.JSON = []byte(strings.Replace(string(old.JSON), `"startDateTime":"2026-06-12T08:00:23Z","type"`, `"startDateTime":"2026-04-12T08:00:23Z","type"`, 1))
	future := aRecord(24, 1, 1, 1)
	future.JSON = []byte(strings.Replace(string(future.JSON), `"startDateTime":"2026-06-12T08:00:24Z","type"`, `"startDateTime":"2027-04-12T08:00:23Z","type"`, 1))
	records = append(records, upper, noID, noStart, old, future)
	w := newRecordsWorld(t, given(records...))
	for range 3 {
		w.once()
		w.advance(10 * time.Minute)
	}
	t.Log("unwhole ", w.query(`SELECT string_agg(id || ' ' || version || ' ' || coalesce(start_at::text, '-'), E'\n') FROM teams.call_records WHERE version IS DISTINCT FROM expanded_version`))
	t.Log("rejects ", w.query(`SELECT string_agg(concat_ws(' ', key, reason), E'\n') FROM ingest.rejects`))
	t.Log("notes ", w.query(`SELECT string_agg(call_id || ' ' || error, E'\n') FROM ingest.expansions`))
	t.Log("watermark ", w.query(`SELECT watermark || state FROM ingest.endpoints`))
}

// TestBreakVersionZero serves sessions of version 0 and participants of
// version 5.
func TestBreakVersionZero(t *testing.T) {
	old, new := aRecord(1, 0, 1, 1), aRecord(1, 5, 1, 2)
	new.Available = time.Date(2026, 6, 15, 12, 30, 0, 0, time.UTC)
	w := newRecordsWorld(t, given(old, new))
	w.sim.SetFaults(onRecord(1, func(r graphsim.Request) graphsim.Fault {
		if strings.Contains(r.URL, "sessions") {
			w.mu.Lock()
			w.now = w.now.Add(time.Hour)
			w.mu.Unlock()
		}
		return graphsim.Fault{}
	}))
	_, _ = w.job.Run(t.Context(), "once")
	w.is("mixed", w.query(`SELECT expanded_version || ' ' || (SELECT count(*) FROM teams.call_participants) FROM teams.call_records`), "null")
}
