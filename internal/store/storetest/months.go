package storetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

// divide makes months, and has each new call be of one of three, or of none, at random.
const divide = `
	SELECT teams.keep_months();
	ALTER TABLE teams.call_records ALTER COLUMN details_month SET DEFAULT
		CASE WHEN random() < 0.75 THEN
			date_trunc('month', now() AT TIME ZONE 'UTC') + floor(3 * random()) * interval '1 month'
		END`

// IsDivided reports whether all databases are divided: INGESTD_TEST_TEAMS=months.
func IsDivided() bool { return os.Getenv("INGESTD_TEST_TEAMS") == "months" }

// Divide divides the details of a database into months.
func Divide(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	if !IsHashed() && !OnCitus() { // which have no months
		Exec(t, conn, divide)
	}
}

// NotDivided skips the test, or a part of it, where all databases are divided.
func NotDivided(t testing.TB, why string) {
	t.Helper()
	if IsDivided() {
		t.Skip("details are divided into months: " + why)
	}
}

// Age has the months be earlier by some months, with the calls in them.
func Age(t testing.TB, conn *pgx.Conn, months int) {
	t.Helper()
	Exec(t, conn, fmt.Sprintf(`
		DO $$
		DECLARE
			rename text;
		BEGIN
			FOR rename IN
				SELECT format('ALTER TABLE teams.%%I RENAME TO %%I', relname, left(relname, -7)
					|| to_char(to_date(right(relname, 7), 'YYYY_MM') - interval '%[1]d months', 'YYYY_MM'))
				FROM pg_inherits
				JOIN pg_class ON pg_class.oid = inhrelid
				ORDER BY right(relname, 7)
			LOOP
				EXECUTE rename;
			END LOOP;
			UPDATE teams.call_records SET details_month = details_month - interval '%[1]d months';
		END $$`, months))
}
