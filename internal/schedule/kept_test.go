package schedule_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// hostile are values that some column, key or index cannot hold.
func hostile(random *rand.Rand) string {
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte('a' + random.IntN(26))
	}
	values := []string{
		`null`, `true`, `{}`, `[]`, `[null,17]`, `{"a":{"b":[1]}}`,
		`""`, `"x"`, `"a\u0000b"`, `"\ud800"`, `"` + string(noise) + `"`,
		`0`, `-0.0`, `1e999`, `-1e-999`, `9223372036854775808`, `-9223372036854775809`,
		`123456789012345678901234567890.123456789`, `"NaN"`, `"P99999999D"`,
		`"0001-01-01T00:00:00Z"`, `"-4714-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.9999999Z"`, `"infinity"`,
	}
	return values[random.IntN(len(values))]
}

// spoil replaces members of a document, its key among them, and adds unknown ones.
func spoil(t *testing.T, random *rand.Rand, document []byte) []byte {
	t.Helper()
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(document, &members); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(members))
	for range random.IntN(4) {
		members[names[random.IntN(len(names))]] = json.RawMessage(hostile(random))
	}
	if random.IntN(3) == 0 {
		members[fmt.Sprint("unknown ", random.IntN(1000))] = json.RawMessage(hostile(random))
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestEveryServedRowIsKept has Graph serve rows of all functions that are spoilt in every member, keys that stand on
// two pages with two contents among them. Each is in its table, or byte for byte in ingest.rejects.
func TestEveryServedRowIsKept(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	c := week()
	c.StartFrom = scheduletest.Noon.Truncate(day).Add(-8 * day)
	c.Graph = graphsim.Config{Seed: 7, Users: 10, CallsPerDay: -1, Now: func() time.Time { return scheduletest.Noon }}
	given := map[string][][]byte{}
	for _, e := range logs() {
		c.Endpoints = append(c.Endpoints, e.Name)
		function := scheduletest.Function(e.Name)
		rows := examples(t, e)
		for _, document := range rows {
			for n := range storetest.Times(6, 40) {
				text := spoil(t, random, document)
				start := date(firstDay).Add(time.Duration(n) * time.Minute)
				c.Graph.Extra = append(c.Graph.Extra, graphsim.Row{Operation: function, Start: start, JSON: text})
				given[e.Name] = append(given[e.Name], text)
			}
		}
		if !e.Aggregate { // on two pages, as there are a thousand of filling between them
			for n := range 1300 {
				document := rows[0]
				if n > 0 && n < 1299 {
					document = []byte(strings.Replace(string(document), `"id":"`, fmt.Sprintf(`"id":"%d `, n), 1))
				}
				text := strings.TrimSuffix(string(document), "}") + fmt.Sprintf(`,"extra":%d}`, n)
				start := date(firstDay).Add(time.Hour + time.Duration(n)*time.Second)
				c.Graph.Extra = append(c.Graph.Extra,
					graphsim.Row{Operation: function, Start: start, JSON: []byte(text)})
				given[e.Name] = append(given[e.Name], []byte(text))
			}
		}
	}
	w := scheduletest.New(t, c)
	for _, e := range logs() {
		of := w.Of(e.Name)
		of.Once()
		wantKept(t, of, e, given[e.Name])
		w.Forget()
		of.Once()
		wantKept(t, of, e, given[e.Name])
	}
}

// examples are rows as Graph serves them.
func examples(t *testing.T, e fetch.Endpoint) (list [][]byte) {
	t.Helper()
	graph, err := graphsim.Start(graphsim.Config{
		Seed: 9, Users: 20, CallsPerDay: 100, Now: func() time.Time { return scheduletest.Noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer graph.Close()
	for row := range graph.Rows(scheduletest.Function(e.Name), e.APIs[0], date(firstDay), date(firstDay).Add(day)) {
		if list = append(list, row); len(list) == 6 {
			break
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s: no examples", e.Name)
	}
	return list
}

// wantKept checks that each document has its row, or is kept raw. Of several with one row, as where a member is null
// in one and lacks in the other, one is kept.
func wantKept(t *testing.T, w *scheduletest.World, e fetch.Endpoint, documents [][]byte) {
	t.Helper()
	type content struct {
		key  string
		hash int64
	}
	encode := func(document []byte) (row content, whole bool) {
		var parsed mapping.Document
		if err := parsed.Parse(document); err != nil {
			t.Fatal(err)
		}
		b := e.Rows.NewBatch()
		b.Append(parsed.Root(), scheduletest.Noon)
		if len(b.Elements) == 1 {
			row = content{b.Elements[0].Key, b.Elements[0].Hash}
		}
		return row, len(b.Rejects) == 0
	}
	stored := setOf(texts(t, w.Conn, `SELECT row_hash::text FROM teams.`+e.Name))
	raw, keptRow := map[string]bool{}, map[content]bool{}
	const rejected = `SELECT encode(raw, 'hex') FROM ingest.rejects WHERE endpoint = '%s'`
	for _, text := range texts(t, w.Conn, fmt.Sprintf(rejected, e.Name)) {
		document, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		raw[text] = true
		if row, whole := encode(document); whole {
			keptRow[row] = true
		}
	}
	lost, rows, rejects := 0, 0, 0
	for _, document := range documents {
		row, whole := encode(document)
		if stored[fmt.Sprint(row.hash)] {
			rows++
			if whole {
				continue
			}
		}
		if raw[hex.EncodeToString(document)] || whole && keptRow[row] {
			rejects++
			continue
		}
		if lost++; lost < 4 {
			t.Errorf("%s: neither stored nor kept: %s", e.Name, document)
		}
	}
	t.Logf("%s: %d documents, %d as rows, %d as rejects", e.Name, len(documents), rows, rejects)
}

func setOf(list []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return set
}

// TestEveryServedRecordIsKept has Graph serve call records that are spoilt in members of all levels, in versions that
// rise and fall from day to day, and one with forty thousand sessions. The highest version of each is stored with its
// details, or kept raw.
func TestEveryServedRecordIsKept(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	histories := [][]int64{{1, 2, 3}, {3, 1, 2}, {3, 2, 1}, {2, 3, 1}}
	var records []graphsim.CallRecord
	highest := make([]int64, 150) // of the versions that are numbers still
	for n := range highest {
		for days, version := range histories[n%len(histories)] {
			r := scheduletest.Record(n, version, 2, 2)
			r.Available = scheduletest.Noon.Add(time.Duration(days)*day - time.Hour)
			r.JSON = spoilDeep(t, random, r.JSON, scheduletest.RecordID(n))
			if bytes.Contains(r.JSON, fmt.Appendf(nil, `"version":%d`, version)) {
				highest[n] = max(highest[n], version)
			}
			records = append(records, r)
		}
	}
	big := scheduletest.Record(200, 1, 1, 1)
	sessions := make([]string, 40_000)
	for i := range sessions {
		sessions[i] = fmt.Sprintf(`{"id":"%s"}`, scheduletest.RecordID(i))
	}
	big.JSON = fmt.Appendf(nil,
		`{"id":"%s","version":1,"type":"groupCall","startDateTime":"%s","sessions":[%s],"participants_v2":[]}`,
		scheduletest.RecordID(200), big.Start.Format(time.RFC3339), strings.Join(sessions, ","))
	w := newRecords(t, append(records, big)...)
	for range histories[0] {
		if _, err := w.Try(t.Context()); err != nil {
			t.Log(err)
		}
		w.Advance(day)
	}
	const (
		sessionsOf = `SELECT count(*) FROM teams.sessions WHERE call_id::text = $1`
		isStored   = `SELECT EXISTS (
			SELECT FROM teams.call_records WHERE id::text = $1 AND details_version = version AND version >= $2)`
		isRejected = `SELECT EXISTS (
			SELECT FROM ingest.rejects
			WHERE strpos(convert_from(raw, 'UTF8'), $1) > 0
				AND ($2 = 0 OR strpos(convert_from(raw, 'UTF8'), '"version":' || $2) > 0))`
	)
	if n := storetest.Query[int](t, w.Conn, sessionsOf, scheduletest.RecordID(200)); n != len(sessions) {
		t.Errorf("%d of %d sessions are stored", n, len(sessions))
	}
	stored, rejected := 0, 0
	for n, version := range highest {
		id := scheduletest.RecordID(n)
		switch {
		case storetest.Query[bool](t, w.Conn, isStored, id, version):
			stored++
		case storetest.Query[bool](t, w.Conn, isRejected, id, version):
			rejected++
		default:
			t.Errorf("version %d of %s is neither stored nor kept", version, id)
		}
	}
	t.Logf("%d records are stored and %d kept raw; %+v", stored, rejected, w.Retries())
}

// spoilDeep replaces members anywhere in a call record but its id and the lists.
func spoilDeep(t *testing.T, random *rand.Rand, document []byte, id string) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	var spoil func(value any, chance int)
	spoil = func(value any, chance int) {
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if random.IntN(chance) == 0 && name != "sessions" && name != "participants_v2" {
					v[name] = json.RawMessage(hostile(random))
				} else {
					spoil(v[name], chance)
				}
			}
		case []any:
			for _, element := range v {
				spoil(element, chance)
			}
		}
	}
	spoil(root, 12)
	root.(map[string]any)["id"] = id
	text, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
