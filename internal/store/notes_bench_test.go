package store_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/bench"
	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

const (
	pageRows    = 1000
	detailsSave = 10 // records in a transaction
)

// BenchmarkNotes saves the same pages into two databases, in turns, and prints what the notes for the rollups and the
// indexes of the change feed cost a writer: the processor time of this process and of its session in PostgreSQL, as a
// ratio to a database that has neither. There the statement that locks replaced rows and notes hours does nothing, and
// the indexes are dropped. The ratio is the median of all pairs.
func BenchmarkNotes(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	pairs := max(2, bench.Rows(b)/(5*pageRows))
	for b.Loop() {
		noting := [2]*noteBench{newNoteBench(b, calls), newNoteBench(b, calls)}
		noting[1].withoutNotes()
		for at, work := range []struct {
			name           string
			version, every int // rows of the page that have this version, not the first
		}{
			{"new", 0, 1}, {"unchanged", 0, 1}, {"percent-changed", 1, 100}, {"all-changed", 2, 1},
		} {
			compare(b, noting, work.name, pairs, pageRows, func(s *noteBench, n int) {
				s.savePage(n, work.version, work.every, noon.Add(time.Duration(at)*time.Minute))
			})
		}
		detailing := [2]*noteBench{newNoteBench(b, fetch.CallRecords), newNoteBench(b, fetch.CallRecords)}
		detailing[1].withoutNotes()
		for version, name := range []string{"details-new", "details-again"} {
			compare(b, detailing, name, pairs, detailsSave, func(s *noteBench, n int) { s.saveDetails(n, version+1) })
		}
	}
}

// compare has both sides do the same work, in turns, and prints what it costs the first, for a row and as a ratio to
// the second.
func compare(b *testing.B, sides [2]*noteBench, name string, pairs, rows int, work func(s *noteBench, n int)) {
	b.Helper()
	var ratios, each []float64
	for n := range pairs {
		var took [2]time.Duration
		for turn := range sides {
			side := (n + turn) % 2
			took[side] = sides[side].measure(func() { work(sides[side], n) })
		}
		ratios = append(ratios, took[0].Seconds()/took[1].Seconds())
		each = append(each, 1e6*took[0].Seconds()/float64(rows))
	}
	bench.Report(b, bench.Median(ratios), name+"-ratio")
	bench.Report(b, bench.Median(each), name+"-µs/row")
}

// A noteBench is a database with one session, and a run in it.
type noteBench struct {
	*testing.B
	url    string
	db     *store.DB
	run    *store.Run
	target *store.Target
}

func newNoteBench(b *testing.B, e fetch.Endpoint) *noteBench {
	b.Helper()
	s := &noteBench{B: b, url: storetest.URL(b), target: target(b, e)}
	s.db = storetest.Connect(b, oneSession(s.url))
	var err error
	s.run, err = s.db.StartRun(b.Context(), tenant, e.Name, "once", noon.Add(-24*time.Hour), noon)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (s *noteBench) withoutNotes() {
	s.target.WithoutNotes()
	storetest.Exec(s, storetest.Conn(s, s.url), `
		DO $$ DECLARE feed regclass; BEGIN
			FOR feed IN SELECT indexrelid::regclass FROM pg_index WHERE indexrelid::regclass::text ~ '^teams\..*_feed$'
			LOOP EXECUTE 'DROP INDEX ' || feed; END LOOP;
		END $$`)
}

// measure returns the processor time that work takes, here and in the session.
func (s *noteBench) measure(work func()) time.Duration {
	s.Helper()
	answer, err := s.db.Ask(s.Context(), `SELECT pg_backend_pid()`)
	if err != nil {
		s.Fatal(err)
	}
	before := s.cpu(answer.Rows[0][0])
	work()
	return s.cpu(answer.Rows[0][0]) - before
}

func (s *noteBench) cpu(session string) time.Duration {
	s.Helper()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		s.Fatal(err)
	}
	return sessionTime(s, session) + time.Duration(own.Utime.Nano()+own.Stime.Nano())
}

// sessionTime returns the processor time that a session has used.
func sessionTime(b testing.TB, session string) (used time.Duration) {
	b.Helper()
	text, err := os.ReadFile("/proc/" + session + "/schedstat") // begins with nanoseconds
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Sscan(string(text), &used); err != nil {
		b.Fatal(err)
	}
	return used
}

// savePage saves a page of calls, of six hours and in no order of their keys. One row of every so many is of a version.
func (s *noteBench) savePage(n, version, every int, served time.Time) {
	s.Helper()
	rows := make([]string, pageRows)
	for i := range rows {
		of := 0
		if i%every == 0 {
			of = version
		}
		id := uuid.NewSHA1(tenant, fmt.Append(nil, n, i))
		start := noon.Add(-time.Duration(n%20)*6*time.Hour - time.Duration(i)*21*time.Second).Format(time.RFC3339)
		rows[i] = fmt.Sprintf(`{"id": %q, "callId": "18353%05d_112562680@192.0.2.17", "userId": %q,
			"userPrincipalName": "user%04d@example.com", "userDisplayName": "User %[4]d", "startDateTime": %q,
			"endDateTime": %[5]q, "duration": %d, "charge": 0.235, "callType": "user_out", "currency": "EUR",
			"calleeNumber": "+44201234567", "usageCountryCode": "DE", "tenantCountryCode": "DE",
			"connectionCharge": 0, "callerNumber": "+4930123456", "destinationName": "United Kingdom",
			"licenseCapability": "MCOPSTN2", "inventoryType": "Subscriber", "operator": "Microsoft"}`,
			id, i, id, i, start, of)
	}
	_, err := s.db.SaveRows(s.Context(), s.run, s.target, batch(s, served, rows...),
		store.Reading{From: noon.Add(-5 * 24 * time.Hour), To: noon, Pages: 1})
	if err != nil {
		s.Fatal(err)
	}
}

// saveDetails saves a version of some records in one transaction.
func (s *noteBench) saveDetails(n, version int) {
	s.Helper()
	var records []*mapping.Batch
	for i := range detailsSave {
		id := uuid.NewSHA1(call, fmt.Append(nil, n, i))
		records = append(records, recordBatch(s, strings.ReplaceAll(record(version), call.String(), id.String())))
	}
	for _, err := range s.db.SaveDetails(s.Context(), s.run, s.target, records) {
		if err != nil {
			s.Fatal(err)
		}
	}
}
