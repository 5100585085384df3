package migrations_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ingestd/internal/catalog"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// secretOf finds what belongs to a tenant and is nobody else's business: ids that
// end in its number, and what fillSecrets puts into columns with personal data.
func secretOf(tenant string) *regexp.Regexp {
	return regexp.MustCompile(fmt.Sprintf(
		`00000000-0000-0000-0000-\d{11}%[1]s|secret(-[a-z]\d?)?%[1]s\b|\+4955500077%[1]s|203\.0\.113\.7%[1]s`, tenant))
}

var anySecret = secretOf(`[12]`)

// Readers see what they may: of personal data, aggregates or one tenant. Whatever
// else they try tells them nothing that is personal, or another tenant's.
func TestReaders(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	fillSecrets(t, conn)
	run(t, conn, "SELECT given.refresh(table_name) FROM information_schema.views WHERE table_schema = 'analytics'")
	run(t, conn, `DO $$ BEGIN -- the feed waits for transactions of other tests
		WHILE NOT EXISTS (SELECT 1 FROM analytics.change_feed) LOOP
			PERFORM pg_sleep(0.01);
		END LOOP;
	END $$`)
	views, err := catalog.Read(t.Context(), conn, "analytics")
	if err != nil {
		t.Fatal(err)
	}

	personal := newReader(t, url, store.Grantee{Access: store.Personal})
	for _, v := range views {
		rows := personal.rows("analytics." + v.Name)
		if len(rows) == 0 {
			t.Errorf("no row of analytics.%s: its secrets are not looked for", v.Name)
		}
		if v.Personal && !anySecret.MatchString(strings.Join(rows, "\n")) {
			t.Errorf("analytics.%s is said to hold personal data, and has no secret", v.Name)
		}
	}

	aggregates := newReader(t, url, store.Grantee{Access: store.Aggregates})
	aggregates.tryAll()
	aggregates.wantNothingOf(anySecret)
	for _, v := range views {
		if n := aggregates.seen["analytics."+v.Name]; (n == 0) != v.Personal {
			t.Errorf("a reader of aggregates sees %d rows of analytics.%s", n, v.Name)
		}
	}

	one := storetest.Query[uuid.UUID](t, conn, `SELECT given.tenant(1)`)
	tenant := newReader(t, url, store.Grantee{Access: store.OneTenant, Tenant: &one})
	tenant.tryAll()
	tenant.wantNothingOf(secretOf("2"))
	tenant.wantNothingOf(regexp.MustCompile(`a\d{7}-0000-0000-0000-\d{11}2`)) // nor that there is another
	for _, v := range views {
		if tenant.seen[tenant.role+"."+v.Name] == 0 {
			t.Errorf("the reader of a tenant sees nothing of its %s", v.Name)
		}
	}
}

// fillSecrets makes rows of two tenants with secrets in all columns for personal
// data.
func fillSecrets(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	sql, err := os.ReadFile("testdata/secrets.sql")
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, given(t)+string(sql))
	tables, err := catalog.Read(t.Context(), conn, "teams")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{ // by type; $ is the last character of the tenant's id
		"text": `'secret' || $`, "text[]": `ARRAY['secret' || $]`,
		"jsonb": `jsonb_build_object('tariff', 'secret' || $)`,
		"inet":  `('203.0.113.7' || $)::inet`, "uuid": `('00000000-0000-0000-0000-00000000009' || $)::uuid`,
	}
	for _, table := range tables {
		var set []string
		for _, c := range table.Columns {
			if len(c.Personal()) == 0 || slices.Contains(table.Key, c.Name) {
				continue
			}
			value := values[c.Type]
			switch {
			case value == "": // a hash, which is no value to look for
				continue
			case c.Type == "uuid":
				value = c.Name + " = coalesce(" + c.Name + ", " + value + ")"
			case strings.HasSuffix(c.Name, "number"):
				value = c.Name + ` = '+4955500077' || $`
			case c.Name == "subnet":
				value = c.Name + ` = '203.0.113.7' || $`
			default:
				value = c.Name + " = " + value
			}
			set = append(set, strings.ReplaceAll(value, "$", "right(tenant_id::text, 1)"))
		}
		if set != nil {
			run(t, conn, fmt.Sprintf("UPDATE teams.%s SET %s", table.Name, strings.Join(set, ", ")))
		}
	}
}

// A reader is a role that was given rights, and all that it could read.
type reader struct {
	t    *testing.T
	role string
	conn *pgx.Conn
	said []string // each with what it was asked for

	seen   map[string]int // rows of relations
	denied bool           // what it tried last
}

// newReader gives a new role an access and logs in as it.
func newReader(t *testing.T, url string, to store.Grantee) *reader {
	t.Helper()
	name, as := storetest.Role(t, url, "")
	r := &reader{t: t, role: name, seen: map[string]int{}}
	to.Role = name
	db := storetest.Connect(t, url)
	if err := db.CheckGrantee(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	if _, still, err := db.Grant(t.Context(), to); err != nil || len(still) > 0 {
		t.Fatal(err, still)
	}
	config, err := pgx.ParseConfig(as)
	if err != nil {
		t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { r.said = append(r.said, "notice: "+n.Message) }
	if r.conn, err = pgx.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.conn.Close(t.Context()) })
	return r
}

// rows are those of a relation, as text; none where it may not be read.
func (r *reader) rows(relation string) (rows []string) {
	rows = r.try("SELECT x::text FROM " + relation + " x")
	r.seen[relation] = len(rows)
	return rows
}

// try runs statements and notes what they say, errors too.
func (r *reader) try(sql string) (rows []string) {
	results, err := r.conn.PgConn().Exec(r.t.Context(), sql).ReadAll()
	for _, result := range results {
		for _, row := range result.Rows {
			rows = append(rows, string(slices.Concat(row...)))
		}
	}
	r.said = append(r.said, sql+": "+strings.Join(rows, "\n"))
	if err != nil {
		r.said = append(r.said, sql+": "+told(err))
	}
	var pg *pgconn.PgError
	r.denied = errors.As(err, &pg) && pg.Code == "42501"
	return rows
}

// told is all that the server says with an error.
func told(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.Join([]string{pg.Message, pg.Detail, pg.Hint, pg.Where, pg.InternalQuery}, " ")
	}
	return err.Error()
}

// tryAll tries all ways to what a role may not see.
func (r *reader) tryAll() {
	// Were a condition on it looked at before the one that hides rows, as it is
	// cheaper, it would tell of them.
	r.try(`CREATE FUNCTION pg_temp.leak(anyelement) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS
		$$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$`)
	// What PostgreSQL knows of values: statistics, sessions, large objects.
	for _, relation := range r.try(`
		SELECT oid::regclass
		FROM pg_class
		WHERE relnamespace = 'pg_catalog'::regnamespace AND (relkind = 'v' OR relname ~ 'statistic|largeobject')`) {
		r.rows(relation)
	}
	for _, line := range r.try(`
		SELECT format('%I.%I', n.nspname, c.relname)
			|| string_agg(format(' AND pg_temp.leak(%I)', a.attname), '' ORDER BY a.attnum)
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		GROUP BY n.nspname, c.relname`) {
		relation, leaks, _ := strings.Cut(line, " AND ")
		r.rows(relation)
		if r.denied { // so it is in any other way
			continue
		}
		r.try("SELECT count(*) FROM " + relation + " WHERE " + leaks)
		r.try("SELECT count(*) FROM " + relation + " x WHERE x::text::integer = 0")
		r.try("EXPLAIN (VERBOSE) SELECT * FROM " + relation)
	}
	r.tryColumns()
	r.tryFunctions()
	for _, sql := range []string{
		`SELECT query_to_xml('TABLE teams.users', true, false, '')`,
		`SELECT schema_to_xml('teams', true, false, '')`,
		`SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v'`,
		`SELECT lo_get(oid) FROM pg_largeobject_metadata`,
		`SELECT pg_read_file(pg_relation_filepath('teams.users'))`,
		`SET ROLE ingestd; TABLE teams.users`,
		`CREATE VIEW analytics.mine AS TABLE teams.users; TABLE analytics.mine`,
		`CREATE TEMPORARY VIEW mine AS TABLE teams.users; TABLE mine`,
		`DO $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(u::text, ',') FROM teams.users u); END $$`,
	} {
		r.try(sql)
	}
}

// tryColumns tries each column by itself: a role may see some of a table.
func (r *reader) tryColumns() {
	for _, column := range r.try(`
		SELECT format('%I FROM %I.%I', a.attname, n.nspname, c.relname)
		FROM pg_attribute a
		JOIN pg_class c ON c.oid = a.attrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('ref', 'teams') AND c.relkind = 'r' AND a.attnum > 0`) {
		r.try("SELECT " + column)
	}
}

// tryFunctions calls each function that it may with nulls, and with the time.
func (r *reader) tryFunctions() {
	for _, call := range r.try(`
		SELECT format('%I.%I(%s)', n.nspname, p.proname, coalesce(string_agg(CASE
			WHEN type = 'timestamptz'::regtype THEN 'now()'
			ELSE 'NULL::' || format_type(type, NULL)
		END, ', ' ORDER BY place), ''))
		FROM pg_proc p
		JOIN pg_namespace n ON n.oid = p.pronamespace
		LEFT JOIN unnest(p.proargtypes) WITH ORDINALITY a (type, place) ON true
		WHERE n.nspname IN ('analytics', 'ref', 'ingest', 'live', 'rollup', 'teams')
		GROUP BY n.nspname, p.oid`) {
		r.try("SELECT " + call)
	}
}

// wantNothingOf fails the test if the role was told a secret.
func (r *reader) wantNothingOf(secret *regexp.Regexp) {
	r.t.Helper()
	for _, said := range r.said {
		if at := secret.FindStringIndex(said); at != nil {
			from := max(0, at[0]-100)
			r.t.Errorf("a role is told %q: %.200s … %s",
				said[at[0]:at[1]], said, said[from:min(len(said), at[1]+50)])
		}
	}
}
