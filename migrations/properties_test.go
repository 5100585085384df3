package migrations_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ingestd/internal/store/storetest"
)

// A stay is a session of somebody in a meeting, in minutes from its start; -1 is a
// time that Graph does not say.
type stay struct{ From, To int }

// However their sessions lie, people are in a meeting for the minutes that some
// session of theirs covers, and have joined as often as these have a beginning.
func TestAttendanceIsTheUnionOfSessions(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	run(t, conn, "SET TIME ZONE 'UTC'; SET jit = off")
	run(t, conn, given(t))
	minute := rapid.IntRange(-1, 12)
	stays := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) stay {
		return stay{minute.Draw(r, "from"), minute.Draw(r, "to")}
	}), 1, 6)
	rapid.Check(t, func(r *rapid.T) {
		all := stays.Draw(r, "stays")
		got := attendance(r, conn, all)
		want := map[string]float64{"attended": 0, "joins": 0, "sessions": float64(len(all))}
		covered := func(minute int) bool {
			return slices.ContainsFunc(all, func(s stay) bool {
				return 0 <= s.From && s.From <= minute && minute < s.To
			})
		}
		for m := range 12 {
			if covered(m) {
				want["attended"] += 60
				if !covered(m - 1) {
					want["joins"]++
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func attendance(r *rapid.T, conn *pgx.Conn, all []stay) map[string]float64 {
	var attended, joins, sessions float64
	rolledBack(r, conn, func(tx pgx.Tx) error {
		var from, to []*time.Time
		at := func(minute int) *time.Time {
			if minute < 0 {
				return nil
			}
			at := time.Date(2026, 1, 5, 10, minute, 0, 0, time.UTC)
			return &at
		}
		for _, s := range all {
			from, to = append(from, at(s.From)), append(to, at(s.To))
		}
		_, err := tx.Exec(context.Background(), `
			WITH meeting AS MATERIALIZED (
				SELECT given.call(id => 1, start_at => '2026-01-05 10:00', kind => 'group')
			)
			SELECT given.session(call => 1, index => n::integer, start_at => f, end_at => u, caller => given.person(1))
			FROM meeting, unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY x(f, u, n)`, from, to)
		if err != nil {
			return err
		}
		return tx.QueryRow(context.Background(), `
			SELECT attended_s, joins::float8, sessions::float8 FROM analytics.meeting_attendance`,
		).Scan(&attended, &joins, &sessions)
	})
	return map[string]float64{"attended": attended, "joins": joins, "sessions": sessions}
}

// The prefix of a number is the longest one listed that it begins with.
func TestLongestPrefix(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	run(t, conn, given(t))
	var prefixes []string
	for _, row := range run(t, conn, `
		SELECT prefix FROM ref.calling_codes ORDER BY length(prefix) DESC, prefix`)[1:] {
		prefixes = append(prefixes, row[0])
	}
	number := rapid.Custom(func(r *rapid.T) string {
		plus := rapid.SampledFrom([]string{"+", "+", "+", "", "00"}).Draw(r, "plus")
		prefix := rapid.SampledFrom(prefixes).Draw(r, "prefix")
		return plus + prefix + rapid.StringMatching(`[0-9]{0,3}\*?`).Draw(r, "rest")
	})
	rapid.Check(t, func(r *rapid.T) {
		numbers := rapid.SliceOfNDistinct(number, 1, 20, rapid.ID).Draw(r, "numbers")
		got := map[string]string{}
		rolledBack(r, conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(context.Background(), `
				SELECT given.pstn(id => n, start_at => now(), duration_s => 1, callee => n)
				FROM unnest($1::text[]) n`, numbers)
			if err != nil {
				return err
			}
			rows, err := tx.Query(context.Background(), `
				SELECT external_number, coalesce(external_prefix, '') FROM analytics.telephony_calls`)
			if err != nil {
				return err
			}
			var n, prefix string
			_, err = pgx.ForEachRow(rows, []any{&n, &prefix}, func() error {
				got[n] = prefix
				return nil
			})
			return err
		})
		want := map[string]string{}
		for _, n := range numbers {
			digits, international := strings.CutPrefix(n, "+")
			i := slices.IndexFunc(prefixes, func(p string) bool { return strings.HasPrefix(digits, p) })
			if want[n] = ""; international && i >= 0 {
				want[n] = prefixes[i]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// rolledBack does something in a transaction of which nothing stays.
func rolledBack(r *rapid.T, conn *pgx.Conn, do func(pgx.Tx) error) {
	r.Helper()
	tx, err := conn.Begin(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if err := do(tx); err != nil {
		r.Fatal(err)
	}
}
