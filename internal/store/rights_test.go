package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

func TestReaderOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"contoso":                              "analytics_contoso",
		"Contoso Ltd":                          "analytics_contoso_ltd",
		`x"; DROP`:                             "analytics_x___drop",
		"Müller & Söhne":                       "analytics_müller___söhne",
		"00000000-0000-4000-8000-000000000001": "analytics_00000000_0000_4000_8000_000000000001",
	} {
		if got := store.ReaderOf(name); got != want {
			t.Errorf("ReaderOf(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]bool{
		"analysts": true, strings.Repeat("x", 63): true, strings.Repeat("ü", 32): false, "public": false, "none": false,
		"pg_monitor": false,
	} {
		if got := store.IsRoleName(name); got != want {
			t.Errorf("IsRoleName(%q) = %v", name, got)
		}
	}
}

// A role is for one thing, and a tenant's schema holds nothing else. It is whose
// analytics is, whoever made it.
func TestCheckGrantee(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	role := func() string { name, _ := storetest.Role(t, url, ""); return name }
	a, b := uuid.New(), uuid.New()
	owner := role()
	storetest.Exec(t, conn, `ALTER SCHEMA analytics OWNER TO `+owner)
	t.Cleanup(func() { storetest.Exec(t, conn, `ALTER SCHEMA analytics OWNER TO current_user`) })
	ofA, analyst, writer, other := role(), role(), role(), role()
	for _, g := range []store.Grantee{
		{Role: ofA, Access: store.OneTenant, Tenant: &a},
		{Role: analyst, Access: store.Personal},
		{Role: writer, Access: store.Write},
	} {
		if _, still, err := db.Grant(t.Context(), g); err != nil || len(still) > 0 {
			t.Fatal(err, still)
		}
	}
	const owners = `SELECT string_agg(DISTINCT owner::regrole::text, ' ')
		FROM (SELECT nspowner FROM pg_namespace WHERE nspname = $1
			UNION ALL SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace($1)) AS made (owner)`
	if got := storetest.Query[string](t, conn, owners, ofA); got != owner {
		t.Errorf("the schema of a tenant is %s's, want %s's", got, owner)
	}
	if _, err := conn.Exec(t.Context(), `CREATE SCHEMA `+other+` CREATE TABLE mine (n int)`); err != nil {
		t.Fatal(err)
	}
	superuser, _ := storetest.Role(t, url, "SUPERUSER")
	member, _ := storetest.Role(t, url, "IN ROLE "+analyst)
	becoming, _ := storetest.Role(t, url, "NOINHERIT IN ROLE "+analyst)
	monitor, _ := storetest.Role(t, url, "IN ROLE pg_monitor")
	maker, _ := storetest.Role(t, url, "CREATEROLE")
	replica, _ := storetest.Role(t, url, "REPLICATION")
	for _, c := range []struct {
		name string
		to   store.Grantee
		want string
	}{
		{"the same again", store.Grantee{Role: ofA, Access: store.OneTenant, Tenant: &a}, ""},
		{"another tenant", store.Grantee{Role: ofA, Access: store.OneTenant, Tenant: &b}, "to tenant " + a.String()},
		{"all tenants", store.Grantee{Role: ofA, Access: store.Personal}, "to tenant " + a.String()},
		{"less than before", store.Grantee{Role: analyst, Access: store.Aggregates}, "access personal"},
		{"a schema of somebody's", store.Grantee{Role: other, Access: store.OneTenant, Tenant: &b}, "schema " + other},
		{"who may read all", store.Grantee{Role: superuser, Access: store.Aggregates}, "may read analytics."},
		{"a member of who may", store.Grantee{Role: member, Access: store.Aggregates}, "may read analytics."},
		{"who may become one who may", store.Grantee{Role: becoming, Access: store.Aggregates}, "may read analytics."},
		{"who sees statements", store.Grantee{Role: monitor, Access: store.Aggregates}, "may use pg_read_all_stats"},
		{"who may give itself all", store.Grantee{Role: maker, Access: store.Aggregates}, "may use CREATEROLE"},
		{"who may copy all", store.Grantee{Role: replica, Access: store.Aggregates}, "may use REPLICATION"},
		{"a new role", store.Grantee{Role: "nobody", Access: store.Aggregates}, ""},
	} {
		err := db.CheckGrantee(t.Context(), c.to)
		if c.want == "" && err == nil {
			continue
		}
		if c.want == "" || !errors.Is(err, store.ErrBeyond) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// What a later version adds reaches those who were given rights by an older
// program, which noted nothing, too. The views of a tenant are in the way of no
// step down.
func TestWritersOfOldAreGivenMore(t *testing.T) {
	storetest.NotHashed(t, "it migrates")
	t.Parallel()
	url := storetest.URL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	newest, _, err := db.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tenant := store.Grantee{Access: store.OneTenant, Tenant: &uuid.Max}
	tenant.Role, _ = storetest.Role(t, url, "")
	if _, _, err := db.Grant(t.Context(), tenant); err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateDown(t.Context(), int(newest)-8); err != nil {
		t.Fatal(err)
	}
	role, as := storetest.Role(t, url, "")
	for _, schema := range []string{"ingest", "teams"} {
		_, err := conn.Exec(t.Context(), strings.NewReplacer("$s", schema, "$r", role).Replace(`
			GRANT USAGE ON SCHEMA $s TO $r;
			GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA $s TO $r;
			ALTER DEFAULT PRIVILEGES IN SCHEMA $s GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO $r`))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if given, still, err := db.GrantAgain(t.Context()); err != nil || len(still) > 0 || given == 0 {
		t.Fatalf("%d rights were given, these were not: %v %v", given, still, err)
	}
	storetest.Query[int](t, storetest.Conn(t, as), `SELECT count(*) FROM rollup.stale`)
	if err := db.CheckGrantee(t.Context(), tenant); err != nil {
		t.Errorf("the schema that is left of a tenant: %v", err)
	}
}

// Roles are given what a later version adds, and only what they are for.
func TestGrantAgain(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	tenant := uuid.New()
	readers := map[store.Access]*pgx.Conn{}
	var schema string // of the tenant
	for _, access := range []store.Access{store.Personal, store.Aggregates, store.OneTenant} {
		role, as := storetest.Role(t, url, "")
		to := store.Grantee{Role: role, Access: access}
		if access == store.OneTenant {
			to.Tenant, schema = &tenant, role
		}
		var granting sync.WaitGroup
		for range 3 { // here and there, at once
			granting.Go(func() {
				if _, still, err := db.Grant(t.Context(), to); err != nil || len(still) > 0 {
					t.Error(err, still)
				}
			})
		}
		granting.Wait()
		readers[access] = storetest.Conn(t, as)
	}
	_, err := conn.Exec(t.Context(), `
		REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA analytics, ingest FROM PUBLIC; -- as some do everywhere
		CREATE VIEW analytics.sums AS SELECT tenant_id, 1 AS calls FROM teams.users;
		CREATE VIEW analytics.people AS SELECT tenant_id, user_id FROM teams.users;
		DO $$ BEGIN
			EXECUTE 'CREATE OR REPLACE VIEW analytics.days AS ' || replace(
				rtrim(pg_get_viewdef('analytics.days'::regclass), ';'), E'\n   FROM', E', 1 AS added\n   FROM');
		END $$`)
	if err != nil {
		t.Fatal(err)
	}
	if _, still, err := db.GrantAgain(t.Context()); err != nil || len(still) > 0 {
		t.Fatal(err, still)
	}
	for _, c := range []struct {
		query string
		may   []store.Access
	}{
		{"SELECT calls FROM analytics.sums", []store.Access{store.Personal, store.Aggregates}},
		{"SELECT user_id FROM analytics.people", []store.Access{store.Personal}},
		{"SELECT added FROM analytics.days", []store.Access{store.Personal, store.Aggregates}},
		{"SELECT calls FROM " + schema + ".sums", []store.Access{store.OneTenant}},
		{"SELECT * FROM analytics.telephony_calls", []store.Access{store.Personal}},
		{"SELECT * FROM analytics.ingest_freshness", []store.Access{store.Personal, store.Aggregates}},
		{"SELECT * FROM " + schema + ".telephony_calls", []store.Access{store.OneTenant}},
		{"SELECT user_id FROM " + schema + ".people", []store.Access{store.OneTenant}},
		{"SELECT added FROM " + schema + ".days", []store.Access{store.OneTenant}},
	} {
		for access, reader := range readers {
			if _, err := reader.Exec(t.Context(), c.query); (err == nil) != slices.Contains(c.may, access) {
				t.Errorf("%s, by a reader of %s: %v", c.query, access, err)
			}
		}
	}
}
