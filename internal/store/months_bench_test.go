package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ingestd/internal/bench"
	"ingestd/internal/fetch"
	"ingestd/internal/store/storetest"
)

const benchMonths = 12

// BenchmarkMonths stores the same call records, and asks the same of them, in a database with twelve months of details
// and in one without, in turns, and prints the ratio of what that takes: of streams with all columns, and of their
// number, for which PostgreSQL leaves out joins if there are no months. Then it drops the months, half of them while
// one reader works, half beside four, and prints how long that takes for the eight tables of one, in processor time
// and in all, and how long an answer takes at most, before and meanwhile.
func BenchmarkMonths(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	pairs := max(4*benchMonths, bench.Rows(b)/(10*pageRows))
	for b.Loop() {
		sides := [2]*noteBench{newNoteBench(b, fetch.CallRecords), newNoteBench(b, fetch.CallRecords)}
		conn := storetest.Conn(b, sides[0].url)
		divideYear(b, conn, detailsSave*pairs/benchMonths)
		for version, name := range []string{"details-new", "details-again"} {
			compare(b, sides, name, pairs, detailsSave, func(s *noteBench, n int) { s.saveDetails(n, version+1) })
		}
		for _, s := range sides {
			storetest.Exec(b, storetest.Conn(b, s.url), `VACUUM ANALYZE`)
		}
		for _, reads := range []struct{ name, what string }{{"streams", "s::text"}, {"number", "*"}} {
			all := fmt.Sprintf(`SELECT count(%s) FROM analytics.call_quality_streams s`, reads.what)
			compare(b, sides, reads.name+"-of-a-call", 24, 1, func(s *noteBench, n int) {
				s.ask(all + ofCall(n%pairs))
			})
			compare(b, sides, reads.name+"-of-all-calls", 6, 1, func(s *noteBench, _ int) { s.ask(all) })
		}
		forgetMonths(b, conn)
		for _, readers := range []int{1, 4} {
			dropMonths(b, sides[0].url, conn, readers)
		}
	}
}

// divideYear makes twelve months, each for as many calls.
func divideYear(b *testing.B, conn *pgx.Conn, calls int) {
	b.Helper()
	for range 3 {
		storetest.Exec(b, conn, `SELECT teams.keep_months()`)
		storetest.Age(b, conn, 3)
	}
	storetest.Exec(b, conn, `SELECT teams.keep_months()`)
	storetest.Exec(b, conn, fmt.Sprintf(`
		CREATE SEQUENCE public.call MINVALUE 0;
		ALTER TABLE teams.call_records ALTER COLUMN details_month SET DEFAULT
			date_trunc('month', now() AT TIME ZONE 'UTC')
				+ (nextval('public.call') / %d %% 12 - 9) * interval '1 month'`, calls))
}

func (s *noteBench) ask(sql string) {
	s.Helper()
	if _, err := s.db.Ask(s.Context(), sql); err != nil {
		s.Fatal(err)
	}
}

// ofCall selects a call.
func ofCall(n int) string {
	return fmt.Sprintf(` WHERE call_id = '%s'`, uuid.NewSHA1(call, fmt.Append(nil, n, 0)))
}

// forgetMonths says of all months that retention keeps nothing of them.
func forgetMonths(b *testing.B, conn *pgx.Conn) {
	b.Helper()
	storetest.Age(b, conn, 12)
	storetest.Exec(b, conn, `
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark, details_kept_from)
		SELECT $1, 'call_records', true, '0 * * * *', '30 d', '1 d', now(), now(), now(), now()`, tenant)
}

// dropMonths drops half of the months while as many readers as given ask for the streams of a call.
func dropMonths(b *testing.B, url string, conn *pgx.Conn, beside int) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	var readers []*monthReader
	for range beside {
		r := &monthReader{conn: storetest.Conn(b, url), begun: make(chan bool), done: make(chan error, 1)}
		go func() { r.done <- r.read(ctx) }()
		readers = append(readers, r)
	}
	for _, r := range readers {
		<-r.begun
	}
	var took, used []float64
	tries, session := 0, fmt.Sprint(conn.PgConn().PID())
	for len(took) < 8*benchMonths/2 {
		begun, before := time.Now(), sessionTime(b, session)
		var dropped *time.Time
		err := conn.QueryRow(b.Context(), `SELECT month FROM teams.drop_month()`).Scan(&dropped)
		var locked *pgconn.PgError
		tries++
		switch {
		case errors.As(err, &locked) && locked.Code == "55P03":
			continue
		case err != nil || dropped == nil:
			b.Fatalf("%d tables of months were dropped: %v", len(took), err)
		}
		took = append(took, 1000*time.Since(begun).Seconds())
		used = append(used, 1000*(sessionTime(b, session)-before).Seconds())
	}
	stop()
	var longest [2]time.Duration
	for _, r := range readers {
		if err := <-r.done; !errors.Is(err, context.Canceled) {
			b.Errorf("a reader failed: %v", err)
		}
		longest[0], longest[1] = max(longest[0], r.longest[0]), max(longest[1], r.longest[1])
	}
	report := func(figure float64, name string) { bench.Report(b, figure, fmt.Sprint(name, "-beside-", beside)) }
	report(8*bench.Median(took), "drop-ms")
	report(8*bench.Median(used), "drop-cpu-ms")
	report(float64(tries)/float64(len(took)), "drop-tries")
	report(1000*longest[0].Seconds(), "longest-read-before-ms")
	report(1000*longest[1].Seconds(), "longest-read-meanwhile-ms")
}

// A monthReader reads the streams of a call all the time.
type monthReader struct {
	conn    *pgx.Conn
	begun   chan bool // closed after some answers
	done    chan error
	longest [2]time.Duration // for an answer: of these, and of all others
}

func (r *monthReader) read(ctx context.Context) error {
	for n := 0; ; n++ {
		beside := min(1, n/50)
		if n == 50 {
			close(r.begun)
		}
		begun := time.Now()
		if _, err := r.conn.Exec(ctx, `SELECT * FROM analytics.call_quality_streams`+ofCall(0)); err != nil {
			return err
		}
		r.longest[beside] = max(r.longest[beside], time.Since(begun))
	}
}
