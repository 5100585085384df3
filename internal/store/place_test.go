package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// standIns stand for Citus' catalog and functions. They note what is asked of them.
const standIns = `
	CREATE SCHEMA stand_in;
	SET search_path = stand_in;
	CREATE TABLE calls (id bigint GENERATED ALWAYS AS IDENTITY, call text);
	CREATE TABLE pg_dist_partition (
		logicalrelid regclass, partmethod "char", partkey text, colocationid int, repmodel "char");
	CREATE TABLE pg_dist_object (classid regclass, objid oid);
	CREATE TABLE pg_dist_transaction (gid text);
	CREATE TABLE pg_dist_local_group (groupid int);
	CREATE TABLE pg_dist_node (groupid int, noderole text, isactive boolean, shouldhaveshards boolean,
		nodename text DEFAULT 'a', nodeport int DEFAULT 5432);
	CREATE FUNCTION run_command_on_all_nodes(command text, OUT nodeid int, OUT success boolean, OUT result text)
	RETURNS SETOF record LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE command INTO result;
		RETURN QUERY VALUES (1, true, result), (2, false, NULL), (3, true, '0');
	END $$;
	INSERT INTO pg_dist_local_group VALUES (0);
	INSERT INTO pg_dist_node VALUES (0, 'primary', true, false), (1, 'primary', true, true);
	CREATE FUNCTION citus_version() RETURNS text LANGUAGE sql RETURN 'Citus 13.2.2 on a stand';
	CREATE FUNCTION column_to_column_name(regclass, text) RETURNS text LANGUAGE sql RETURN $2;
	CREATE FUNCTION create_distributed_function(regprocedure) RETURNS void LANGUAGE sql AS $$
		INSERT INTO stand_in.pg_dist_object VALUES ('pg_proc'::regclass, $1);
		INSERT INTO stand_in.calls (call) VALUES ('function ' || $1)
	$$;
	CREATE FUNCTION create_reference_table(regclass) RETURNS void LANGUAGE sql AS $$
		INSERT INTO stand_in.pg_dist_partition VALUES ($1, 'n', NULL, 1, 't');
		INSERT INTO stand_in.calls (call) VALUES ('list ' || $1)
	$$;
	CREATE FUNCTION create_distributed_table(
		regclass, text, distribution_type text DEFAULT 'hash', colocate_with text DEFAULT 'default',
		shard_count int DEFAULT NULL
	) RETURNS void LANGUAGE sql AS $$
		INSERT INTO stand_in.pg_dist_partition VALUES ($1, 'h', $2, 2, 's');
		INSERT INTO stand_in.calls (call)
		VALUES (concat_ws(' ', 'table', $1, 'by', $2, 'with', colocate_with, shard_count))
	$$`

// A cluster is a migrated database with stand-ins for Citus.
type cluster struct {
	*testing.T
	db   *store.DB
	conn *pgx.Conn
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	t.Parallel()
	url := storetest.URL(t)
	storetest.Exec(t, storetest.Conn(t, url), standIns)
	url += "&search_path=stand_in"
	db := storetest.Connect(t, url)
	db.Distribution = store.Distribution{Citus: true, Shards: 8}
	return &cluster{t, db, storetest.Conn(t, url)}
}

// calls are what Citus was asked for since the last time.
func (c *cluster) calls() []string {
	c.Helper()
	return storetest.Query[[]string](c, c.conn, `
		WITH taken AS (DELETE FROM calls RETURNING id, call)
		SELECT coalesce(array_agg(call ORDER BY id), '{}') FROM taken`)
}

func (c *cluster) place() []string {
	c.Helper()
	if err := c.db.MigrateUp(c.Context()); err != nil {
		c.Fatal(err)
	}
	if err := c.db.CheckSchema(c.Context()); err != nil {
		c.Error(err)
	}
	return c.calls()
}

// All tables of teams are placed by tenant, beside call_records, and all lists and
// functions on every node: once, and those of a later migration then.
func TestPlace(t *testing.T) {
	c := newCluster(t)
	if err := c.db.CheckSchema(t.Context()); !errors.Is(err, store.ErrNotMigrated) {
		t.Errorf("before anything is placed: %v", err)
	}
	got := c.place()
	var want []string
	for _, name := range storetest.Query[[]string](t, c.conn, `
		SELECT array_agg(t ORDER BY t) FROM (
			SELECT schemaname || '.' || tablename AS t FROM pg_tables
			WHERE schemaname = 'teams' AND tablename <> 'call_records'
			UNION ALL SELECT unnest(ARRAY[
				'ingest.acknowledgements', 'ingest.details_retries', 'ingest.told_records', 'ingest.tombstones',
				'rollup.pstn_matches'])
		) AS names`) {
		want = append(want, "table "+name+" by tenant_id with teams.call_records")
	}
	i := slices.Index(got, "table teams.call_records by tenant_id with none 8")
	if i < 0 || !slices.Equal(got[i+1:], want) {
		t.Errorf("placed %q, want call_records with 8 shards, and then %q", got, want)
	}
	for _, first := range []string{"function analytics.number_matches(text,text)", "list ref.days"} {
		if !slices.Contains(got[:max(0, i)], first) {
			t.Errorf("before the tables %s is missing", first)
		}
	}
	if again := c.place(); len(again) > 0 {
		t.Errorf("once more asks for %q", again)
	}
	storetest.Exec(t, c.conn, `CREATE TABLE teams.later (tenant_id uuid) PARTITION BY HASH (tenant_id);
		CREATE TABLE teams.later_part PARTITION OF teams.later FOR VALUES WITH (MODULUS 1, REMAINDER 0)`)
	if later := strings.Join(c.place(), "; "); later != "table teams.later by tenant_id with teams.call_records" {
		t.Errorf("after another migration: %q", later)
	}
	// A query about one tenant goes to its node as a whole.
	for _, view := range []string{"analytics.change_feed", "live.pstn_matches"} {
		text := storetest.Query[string](t, c.conn, `SELECT pg_get_viewdef($1::text::regclass)`, view)
		if strings.Count(text, "FROM ingest.schema_version") != strings.Count(text, "feed_horizon()")*2 ||
			strings.Contains(text, "tenant_id IS DISTINCT FROM") {
			t.Errorf("%s is as it was:\n%s", view, text)
		}
	}
}

// A database that is not as the configuration says is refused, with both facts.
func TestPlaceRefuses(t *testing.T) {
	c := newCluster(t)
	refused := func(want string, kind error) {
		t.Helper()
		if err := c.db.CheckSchema(t.Context()); !errors.Is(err, kind) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if kind == store.ErrNotMigrated {
			return
		}
		if err := c.db.MigrateUp(t.Context()); !errors.Is(err, kind) || len(c.calls()) > 0 {
			t.Errorf("migrating: %v, want %q", err, want)
		}
	}
	for _, test := range []struct{ change, back, want string }{
		{
			`ALTER TABLE pg_dist_partition RENAME TO gone`, `ALTER TABLE gone RENAME TO pg_dist_partition`,
			"citus, but the database has no Citus; load it",
		},
		{
			`CREATE OR REPLACE FUNCTION citus_version() RETURNS text LANGUAGE sql RETURN 'Citus 12.1.4'`,
			`CREATE OR REPLACE FUNCTION citus_version() RETURNS text LANGUAGE sql RETURN 'Citus 14.0.0'`,
			"citus, but Citus has version 12; install 13 or newer",
		},
		{
			`UPDATE pg_dist_local_group SET groupid = 3`, `UPDATE pg_dist_local_group SET groupid = 0`,
			"citus, but database.url leads to a worker (group 3); name the coordinator",
		},
		{
			`UPDATE pg_dist_node SET groupid = 7 WHERE groupid = 0`,
			`UPDATE pg_dist_node SET groupid = 0 WHERE groupid = 7`,
			"does not know the coordinator's address; run there: SELECT citus_set_coordinator_host",
		},
		{
			`UPDATE pg_dist_node SET isactive = false`, `UPDATE pg_dist_node SET isactive = true`,
			"citus, but no node takes rows; add one",
		},
		{
			`INSERT INTO pg_dist_partition VALUES ('teams.call_records', 'h', 'id', 2, 's')`,
			`DELETE FROM pg_dist_partition`,
			"citus, but teams.call_records is not distributed by tenant_id",
		},
	} {
		storetest.Exec(t, c.conn, test.change)
		refused(test.want, store.ErrUnfit)
		storetest.Exec(t, c.conn, test.back)
	}
	refused("database.distribution is citus, but ref.call_types and", store.ErrNotMigrated)
	storetest.Exec(t, c.conn, `ALTER TABLE teams.pstn_calls ALTER COLUMN conference_id SET STORAGE EXTERNAL;
		INSERT INTO teams.pstn_calls (tenant_id, id, updated_at, run_id, row_hash, conference_id)
		SELECT gen_random_uuid(), n, now(), 1, 1, repeat('x', 1100000) FROM generate_series(1, 16) n`)
	err := c.db.MigrateUp(t.Context())
	if want := "run: ingestd migrate up --distribute"; err == nil || !strings.Contains(err.Error(), want) ||
		len(c.calls()) > 0 {
		t.Errorf("a large table: %v, want %q", err, want)
	}
	c.db.Distribution.Filled = true
	c.place()
	c.db.Distribution = store.Distribution{}
	refused("is none, but Citus has distributed ref.call_types and", store.ErrUnfit)
}

// What is wrong with nodes is found: the stand-in has one that answers as this server,
// one that does not answer, and one whose every answer is 0.
func TestClusterFaults(t *testing.T) {
	c := newCluster(t)
	storetest.Exec(t, c.conn, `UPDATE pg_dist_node SET isactive = false WHERE groupid = 1`)
	faults, err := c.db.ClusterFaults(t.Context())
	var got []string
	for _, f := range faults {
		got = append(got, f.What)
	}
	want := []string{"node a:5432 is not active", "node 2 cannot be asked",
		"on node 3 sessions of this role wait for locks without end"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// What a transaction wrote is shown, and figures made of it, once Citus has seen it
// through on all nodes.
func TestFeedOnCitus(t *testing.T) {
	c := newCluster(t)
	c.place()
	storetest.Exec(t, c.conn, `BEGIN`)
	storetest.Exec(t, c.conn, insertCall, tenant, "prepared")
	storetest.Exec(t, c.conn, `
		INSERT INTO rollup.stale (tenant_id, source, at) VALUES ($1, 'pstn_calls', now())`, tenant)
	storetest.Exec(t, c.conn, `INSERT INTO pg_dist_transaction VALUES ('citus_0_1_2_3')`)
	xid := storetest.Query[string](t, c.conn, `SELECT pg_current_xact_id()::text`)
	storetest.Exec(t, c.conn, `COMMIT`)
	storetest.Eventually(t, func() bool {
		return storetest.Query[bool](t, c.conn, `SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8`, xid)
	})
	shown := func() (horizon string, rows, notes int) {
		t.Helper()
		if err := c.db.RefreshRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		err := c.conn.QueryRow(t.Context(), `
			SELECT ingest.feed_horizon()::text, (SELECT count(*) FROM analytics.change_feed),
				(SELECT count(*) FROM rollup.stale)`).Scan(&horizon, &rows, &notes)
		if err != nil {
			t.Fatal(err)
		}
		return horizon, rows, notes
	}
	if horizon, rows, notes := shown(); horizon != xid || rows != 0 || notes != 1 {
		t.Errorf("horizon %s, want %s; %d rows are shown, and %d notes kept", horizon, xid, rows, notes)
	}
	storetest.Exec(t, c.conn, `DELETE FROM pg_dist_transaction`)
	storetest.WaitForHorizon(t, c.conn)
	if _, rows, notes := shown(); rows != 1 || notes != 0 {
		t.Errorf("%d rows are shown, and %d notes kept", rows, notes)
	}
}
