package export_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/catalog"
	"ingestd/internal/export"
	"ingestd/internal/store/storetest"
)

// waitUntil waits for a condition of a database.
func waitUntil(t *testing.T, conn *pgx.Conn, condition string) {
	t.Helper()
	storetest.Eventually(t, func() bool { return storetest.Query[bool](t, conn, `SELECT `+condition) })
}

// The files follow the source through the promotion of a standby that lacks the last
// changes, and through a restore of an old dump into another cluster.
func TestToolsFilesAfterPromotionAndRestore(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	primary := storetest.Cluster(t, "")
	url := storetest.Database(t, primary, "teams", true)
	w := newWorld(t, url)
	w.begin()
	change := func(n int) {
		for i, do := range []string{"save a call", "save a record", "save a call", "delete a call", "save a record"} {
			w.do(act{Do: do, Writer: i % 2, Tenant: n % 2, Row: (i + n) % 5, Day: (2*i + n) % worldDays, Content: n})
		}
	}
	change(1)
	dump := storetest.Dump(t, url)
	change(2)
	w.settle()

	standby := storetest.Cluster(t, url)
	there := storetest.Conn(t, standby.URL("teams"))
	now := storetest.Query[string](t, w.conn, `SELECT pg_current_wal_insert_lsn()::text`)
	waitUntil(t, there, fmt.Sprintf(`pg_last_wal_replay_lsn() >= '%s'`, now))
	storetest.CutOff(t, there)
	change(3)
	w.settle() // the standby never sees it
	storetest.Exec(t, there, `SELECT pg_promote()`)
	w.connect(standby.URL("teams"))
	change(4)
	w.settle()

	restored := storetest.Database(t, storetest.Cluster(t, ""), "teams", false)
	storetest.Restore(t, dump, restored)
	db := storetest.Connect(t, restored)
	for _, tenant := range worldTenants {
		if err := db.RenewTransactionIDs(t.Context(), tenant, nil); err != nil {
			t.Fatal(err)
		}
	}
	w.connect(restored)
	w.settle()
	change(5)
	w.settle()
}

// Another cluster subscribes, and gets rows that were there before, and those that
// come, change and go, without any personal data.
func TestToolsSubscription(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	server := storetest.Cluster(t, "")
	url := storetest.Database(t, server, "teams", true)
	db, source := storetest.Connect(t, url), storetest.Conn(t, url)
	save := func(id string, duration int) {
		storetest.Exec(t, source, `
			INSERT INTO teams.pstn_calls (tenant_id, id, updated_at, run_id, row_hash, start_at, duration_s, user_id,
				user_display_name, caller_number, charge, currency, client_public_ip_v4_address)
			VALUES ($1, $2, now(), 1, 1, now(), $3, $4, 'Anna', '+4930123456', 0.07, 'EUR', '192.0.2.7')
			ON CONFLICT (tenant_id, id) DO UPDATE SET duration_s = excluded.duration_s`,
			worldTenant(0), id, duration, worldUser(0))
	}
	save("before", 1)
	save("changes", 1)
	save("goes", 1)
	storetest.Exec(t, source, `
		INSERT INTO teams.users (tenant_id, user_id, display_name, first_seen_on, last_seen_on, source)
		VALUES ($1, $2, 'Anna', now(), now(), 'pstn_calls')`, worldTenant(0), worldUser(0))
	for range 2 { // the second time it is there
		p, err := export.NewPublication(t.Context(), db, "teams", catalog.Classes)
		if err != nil || !p.IsLogical {
			t.Fatal(p, err)
		}
		if err := p.Apply(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}

	replicator, as := storetest.Role(t, url, "REPLICATION")
	storetest.Exec(t, source, `GRANT USAGE ON SCHEMA teams TO `+replicator)
	storetest.Exec(t, source, strings.ReplaceAll(grantColumns, "replicator", replicator))
	copied := storetest.Conn(t, storetest.Database(t, storetest.Cluster(t, ""), "teams", true))
	storetest.Exec(t, copied, freeColumns)
	storetest.Exec(t, copied, fmt.Sprintf(`CREATE SUBSCRIPTION teams CONNECTION '%s' PUBLICATION teams`, as))
	waitUntil(t, copied, `count(*) = 3 FROM teams.pstn_calls`)
	save("comes", 1)
	save("changes", 2)
	storetest.Exec(t, source, `DELETE FROM teams.pstn_calls WHERE id = 'goes'`)
	waitUntil(t, copied, `string_agg(id || duration_s || currency || charge, ' ' ORDER BY id)
		IS NOT DISTINCT FROM 'before1EUR0.07 changes2EUR0.07 comes1EUR0.07' FROM teams.pstn_calls`)
	waitUntil(t, copied, `bool_and(num_nonnulls(user_id, user_display_name, caller_number, row_hash,
		client_public_ip_v4_address) = 0) FROM teams.pstn_calls`)
	if n := storetest.Query[int](t, copied, `SELECT count(*) FROM teams.users`); n > 0 {
		t.Errorf("%d users are published", n)
	}
	storetest.Exec(t, copied, `DROP SUBSCRIPTION teams`)
}

// grantColumns has a subscriber read what is published, as docs/export.md says.
const grantColumns = `
	DO $$ DECLARE t record; BEGIN
		FOR t IN SELECT tablename, (SELECT string_agg(quote_ident(name), ', ') FROM unnest(attnames) AS name) AS names
			FROM pg_publication_tables WHERE pubname = 'teams'
		LOOP EXECUTE format('GRANT SELECT (%s) ON teams.%I TO replicator', t.names, t.tablename);
		END LOOP;
	END $$`

// freeColumns has the tables of a subscriber take rows without what is left out, as
// docs/export.md says.
const freeColumns = `
	DO $$ DECLARE t regclass; BEGIN
		FOR t IN SELECT attrelid::regclass FROM pg_attribute
			WHERE attname = 'row_hash' AND attnotnull AND attrelid::regclass::text LIKE 'teams.%'
		LOOP EXECUTE format('ALTER TABLE %s ALTER COLUMN row_hash DROP NOT NULL', t);
		END LOOP;
	END $$`
