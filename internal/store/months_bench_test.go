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
// and in one without, in turns, and prints the ratio of what that takes. Then it drops the months while four readers
// work, and prints how long that takes for the eight tables of one.
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
		const streams = `SELECT count(*) FROM analytics.call_quality_streams`
		ofCall := func(n int) string {
			return fmt.Sprintf(streams+` WHERE call_id = '%s'`, uuid.NewSHA1(call, fmt.Append(nil, n%pairs, 0)))
		}
		compare(b, sides, "streams-of-a-call", 24, 1, func(s *noteBench, n int) { s.ask(ofCall(n)) })
		compare(b, sides, "all-streams", 6, 1, func(s *noteBench, _ int) { s.ask(streams) })
		dropMonths(b, sides[0].url, conn, ofCall(0))
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

// dropMonths drops all months while readers ask.
func dropMonths(b *testing.B, url string, conn *pgx.Conn, question string) {
	b.Helper()
	storetest.Age(b, conn, 12)
	storetest.Exec(b, conn, `
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark, details_kept_from)
		SELECT $1, 'call_records', true, '0 * * * *', '30 d', '1 d', now(), now(), now(), now()`, tenant)
	ctx, stop := context.WithCancel(b.Context())
	var read []func() error
	for range 4 {
		reader := storetest.Conn(b, url)
		done := make(chan error, 1)
		go func() {
			var err error
			for err == nil {
				_, err = reader.Exec(ctx, question)
			}
			done <- err
		}()
		read = append(read, func() error { return <-done })
	}
	var took []float64
	tries := 0
	for len(took) < 8*benchMonths {
		begun := time.Now()
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
	}
	stop()
	for _, end := range read {
		if err := end(); !errors.Is(err, context.Canceled) {
			b.Errorf("a reader failed: %v", err)
		}
	}
	bench.Report(b, 8*bench.Median(took), "drop-ms")
	bench.Report(b, float64(tries)/float64(len(took)), "drop-tries")
}
