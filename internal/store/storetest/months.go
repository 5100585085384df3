package storetest

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Divide divides the details of a database into months, and has each new call be
// of one of three, or of none, at random.
func Divide(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	if IsHashed() || OnCitus() {
		return // which have no months
	}
	Exec(t, conn, `SELECT teams.keep_months()`)
	Exec(t, conn, `
		ALTER TABLE teams.call_records ALTER COLUMN details_month SET DEFAULT
			CASE WHEN random() < 0.75 THEN
				date_trunc('month', now() AT TIME ZONE 'UTC') + floor(3 * random()) * interval '1 month'
			END`)
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
