package torture

import (
	"fmt"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store/storetest"
)

// serverCrash kills a process of the server, which ends all others and has it recover.
func (w *world) serverCrash() {
	w.until(w.atMessage(moments, func(*process) storetest.Fault { return storetest.Fault{Then: w.crash} }))
}

// sessionsEnded ends sessions of the program, one after the other.
func (w *world) sessionsEnded() {
	p := w.launch("once")
	for range 1 + w.rng.IntN(6) {
		if p.endsWithin(time.Duration(w.rng.Int64N(int64(400 * time.Millisecond)))) {
			break
		}
		w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'ingestd' ORDER BY random() LIMIT 1`)
	}
	w.until(p)
}

// statementsFail has statements that write rows fail, each time with the next of the errors that pass.
func (w *world) statementsFail() {
	w.exec(fmt.Sprintf(`
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
		DECLARE t regclass;
		BEGIN
			FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND (
				relnamespace = 'teams'::regnamespace OR oid IN ('ingest.slots'::regclass, 'ingest.rejects'::regclass))
			LOOP
				EXECUTE format(
					'CREATE TRIGGER fail AFTER INSERT OR DELETE ON %%s FOR EACH STATEMENT EXECUTE FUNCTION fail()', t);
			END LOOP;
		END $$`, 10+w.rng.IntN(80)))
	w.once()
	w.once()
	w.did["statements that failed"]++
	w.exec(`DROP FUNCTION fail CASCADE; DROP SEQUENCE faults`)
}

// rowsRefused has the database refuse some rows for a while.
func (w *world) rowsRefused() {
	n := strconv.Itoa(2 + w.rng.IntN(9))
	w.exec(`ALTER TABLE teams.pstn_calls ADD CONSTRAINT storm CHECK (duration_s % ` + n + ` <> 0) NOT VALID`)
	w.exec(`ALTER TABLE teams.sessions
		ADD CONSTRAINT storm CHECK (get_byte(decode(md5(session_id::text), 'hex'), 0) > 20) NOT VALID`)
	w.once()
	w.check()
	w.exec(`ALTER TABLE teams.pstn_calls DROP CONSTRAINT storm; ALTER TABLE teams.sessions DROP CONSTRAINT storm`)
	w.until(w.launch("rejects", "retry", "--all"))
}

// analysts hold locks, and a snapshot.
func (w *world) analysts() {
	conn := storetest.Conn(w, w.direct)
	defer conn.Close(w.Context())
	storetest.Exec(w, conn, `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM analytics.telephony_calls;
		LOCK TABLE teams.pstn_calls, teams.sessions IN SHARE MODE`)
	p := w.launch("once")
	p.endsWithin(time.Duration(500+w.rng.IntN(1500)) * time.Millisecond)
	w.check()
	storetest.Exec(w, conn, `ROLLBACK`)
	w.until(p)
}

// crash kills a process of the server that serves a session of the program.
func (w *world) crash() {
	w.crashed.Store(true)
	conn, err := pgx.Connect(w.Context(), w.direct)
	if err != nil {
		return // it has crashed
	}
	defer conn.Close(w.Context())
	var pid int
	if conn.QueryRow(w.Context(), `SELECT pg_backend_pid()`).Scan(&pid) == nil {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
