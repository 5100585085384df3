package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/catalog"
	"ingestd/internal/store/storetest"
)

func TestRead(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.EmptyURL(t))
	_, err := conn.Exec(t.Context(), `
		CREATE SCHEMA a;
		CREATE TABLE a.t (n int, m numeric(5, 2), x text NOT NULL, gone int, PRIMARY KEY (x, n));
		ALTER TABLE a.t DROP COLUMN gone;
		COMMENT ON TABLE a.t IS 'A table.';
		CREATE VIEW a.v AS SELECT x, n, m AS "M m" FROM a.t;
		COMMENT ON VIEW a.v IS 'One row. And more. Key: x, M m. Filter on: n. Personal data.';
		COMMENT ON COLUMN a.v.x IS 'What. One of: p, q; null if not.';
		COMMENT ON COLUMN a.v.n IS 'How annulled. One of: 1.';
		CREATE VIEW a.w AS SELECT 1 AS y;
		COMMENT ON VIEW a.w IS 'One row. Key: y. Filter on: nothing. No personal data.';
		CREATE VIEW a.z AS SELECT 1 AS y;
		COMMENT ON VIEW a.z IS 'One row. Key: y.';`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := catalog.Read(t.Context(), conn, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	one := []catalog.Column{{Name: "y", Type: "integer"}}
	want := []catalog.Relation{
		{
			Schema: "a", Name: "t", Comment: "A table.", Meaning: "A table.", Key: []string{"x", "n"},
			Columns: []catalog.Column{
				{Name: "n", Type: "integer"},
				{Name: "m", Type: "numeric(5,2)", Nullable: true},
				{Name: "x", Type: "text"},
			},
		},
		{
			Schema: "a", Name: "v", View: true, Key: []string{"x", "M m"}, Filter: "n", Personal: true,
			Comment: "One row. And more. Key: x, M m. Filter on: n. Personal data.", Meaning: "One row. And more.",
			Columns: []catalog.Column{
				{Name: "x", Type: "text", Comment: "What. One of: p, q; null if not.", Nullable: true,
					Values: []string{"p", "q"}},
				{Name: "n", Type: "integer", Comment: "How annulled. One of: 1.", Values: []string{"1"}},
				{Name: "M m", Type: "numeric(5,2)"},
			},
		},
		{
			Schema: "a", Name: "w", View: true, Key: []string{"y"}, Columns: one, Meaning: "One row.",
			Comment: "One row. Key: y. Filter on: nothing. No personal data.",
		},
		{
			Schema: "a", Name: "z", View: true, Key: []string{}, Columns: one,
			Comment: "One row. Key: y.", Meaning: "One row. Key: y.",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c := got[0].Column("m"); c == nil || c.Type != "numeric(5,2)" || got[0].Column("q") != nil {
		t.Error("it does not find columns by name:", c)
	}
}
