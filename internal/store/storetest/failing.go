package storetest

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// FailStatements has one in so many statements fail that write rows, rejects or slots, each time with the next of the
// errors that pass. end puts an end to it, and tells how many did.
func FailStatements(t testing.TB, conn *pgx.Conn, every int) (end func() int) {
	t.Helper()
	Exec(t, conn, fmt.Sprintf(`
		CREATE SEQUENCE faults;
		CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
		DECLARE
			n bigint := nextval('faults'); -- a sequence is not rolled back
			states text[] := '{40001,40P01,53100,53200,53300,55P03,57P01,08006,25006,23505}';
		BEGIN
			IF n %% %[1]d = 0 THEN
				RAISE EXCEPTION 'storm' USING ERRCODE = states[1 + n / %[1]d %% cardinality(states)];
			END IF;
			RETURN NULL;
		END $$;
		DO $$
		DECLARE
			t regclass;
		BEGIN
			FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND (
				relnamespace = 'teams'::regnamespace OR oid IN ('ingest.slots'::regclass, 'ingest.rejects'::regclass))
			LOOP
				EXECUTE format(
					'CREATE TRIGGER fail AFTER INSERT OR DELETE ON %%s FOR EACH STATEMENT EXECUTE FUNCTION fail()', t);
			END LOOP;
		END $$`, every))
	return func() int {
		t.Helper()
		failed := Query[int](t, conn, `SELECT last_value / $1 FROM faults`, every)
		Exec(t, conn, `DROP FUNCTION fail CASCADE; DROP SEQUENCE faults`)
		return failed
	}
}
