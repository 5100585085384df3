package export

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.yaml.in/yaml/v4"

	"ingestd/internal/store"
)

//go:embed sql/intervals.sql
var selectIntervals string

// The YAML of dbt, as far as it is used here.
type (
	dbtFile struct {
		Version int         `yaml:"version"`
		Sources []dbtSource `yaml:"sources"`
	}
	dbtSource struct {
		Name        string     `yaml:"name"`
		Schema      string     `yaml:"schema"`
		Description string     `yaml:"description"`
		Tables      []dbtTable `yaml:"tables"`
	}
	dbtTable struct {
		Name        string      `yaml:"name"`
		Description string      `yaml:"description"`
		Config      *dbtConfig  `yaml:"config,omitempty"`
		Tests       []any       `yaml:"data_tests,omitempty"`
		Columns     []dbtColumn `yaml:"columns"`
	}
	dbtConfig struct {
		Freshness dbtFreshness `yaml:"freshness"`
		LoadedAt  string       `yaml:"loaded_at_query"`
	}
	dbtFreshness struct {
		Warn  dbtAge `yaml:"warn_after"`
		Error dbtAge `yaml:"error_after"`
	}
	dbtAge struct {
		Count  int    `yaml:"count"`
		Period string `yaml:"period"`
	}
	dbtColumn struct {
		Name        string `yaml:"name"`
		Quote       bool   `yaml:"quote,omitempty"`
		Description string `yaml:"description"`
		Type        string `yaml:"data_type"`
		Tests       []any  `yaml:"data_tests,omitempty"`
	}
	dbtTest struct {
		Name      string         `yaml:"name,omitempty"`
		Arguments map[string]any `yaml:"arguments,omitempty"`
		Config    map[string]any `yaml:"config,omitempty"`
	}
)

// DbtSources writes the views of schema analytics as sources of dbt: descriptions
// and tests from the comments of the database, and how fresh they have to be from
// the schedules of the endpoints.
func DbtSources(ctx context.Context, db *store.DB, w io.Writer) error {
	conn, end, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer end()
	views, err := viewsOf(ctx, conn)
	if err != nil {
		return store.Named("read the views", err)
	}
	minutes, err := intervals(ctx, conn)
	if err != nil {
		return store.Named("read the schedules", err)
	}
	source := dbtSource{
		Name: "analytics", Schema: "analytics",
		Description: "Calls, phone usage and quality of Microsoft Teams, kept by ingestd.",
	}
	for _, v := range views {
		source.Tables = append(source.Tables, v.dbt(minutes))
	}
	out := yaml.NewEncoder(w)
	out.SetIndent(2)
	if err := out.Encode(dbtFile{Version: 2, Sources: []dbtSource{source}}); err != nil {
		return err
	}
	return out.Close()
}

// intervals are the minutes between two readings of each endpoint.
func intervals(ctx context.Context, conn *pgx.Conn) (map[string]int, error) {
	rows, err := conn.Query(ctx, selectIntervals)
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	var name string
	var minutes int
	_, err = pgx.ForEachRow(rows, []any{&name, &minutes}, func() error {
		all[name] = minutes
		return nil
	})
	return all, err
}

// dbt is a view as a table of a source.
func (v view) dbt(minutes map[string]int) dbtTable {
	t := dbtTable{Name: v.Name, Description: literal(v.Comment), Config: v.freshness(minutes)}
	if key := v.dbtKey(); key != "" {
		t.Tests = append(t.Tests, map[string]dbtTest{
			"unique": {
				Name: v.Name + "_key_is_unique", Arguments: map[string]any{"column_name": key}, Config: v.recent(),
			},
		})
	}
	for _, c := range v.Columns {
		column := dbtColumn{
			Name: c.Name, Description: literal(c.Comment), Type: c.Type,
			Quote: quoted(c.Name) != c.Name,
		}
		if slices.Contains(v.Key, c.Name) && !c.Nullable {
			column.Tests = append(column.Tests, map[string]dbtTest{"not_null": {Config: v.recent()}})
		}
		if c.Values != nil {
			var values []string
			for _, value := range c.Values {
				values = append(values, literal(value))
			}
			column.Tests = append(column.Tests, map[string]dbtTest{
				"accepted_values": {Arguments: map[string]any{"values": values}, Config: v.recent()},
			})
		}
		t.Columns = append(t.Columns, column)
	}
	return t
}

// dbtKey is the key of a view as one text, in which null is a value like others.
func (v view) dbtKey() string {
	if len(v.Key) == 0 {
		return ""
	}
	var columns []string
	if v.hasTenants() && !slices.Contains(v.Key, "tenant_id") {
		columns = append(columns, "tenant_id")
	}
	for _, name := range v.Key {
		columns = append(columns, quoted(name))
	}
	return "cast(row(" + strings.Join(columns, ", ") + ") as text)"
}

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// quoted is a name as SQL wants it, in quotes only where it needs them.
func quoted(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return pgx.Identifier{name}.Sanitize()
}

var jinja = regexp.MustCompile(`\{[{%#]`)

// literal is a text that dbt's templates leave as it is: customers comment on views of
// their own.
func literal(text string) string { return jinja.ReplaceAllString(text, "{{ '$0' }}") }

// recent has a test look at the last days only: those that may still change.
func (v view) recent() map[string]any {
	c := v.Column(v.Filter)
	if c == nil {
		return nil
	}
	name := quoted(c.Name)
	switch {
	case c.Name == "month":
		return map[string]any{"where": name + " > current_date - 62"}
	case c.Type == "date":
		return map[string]any{"where": name + " > current_date - 7"}
	}
	return map[string]any{"where": name + " > current_timestamp - interval '7 days'"}
}

// How many times the pause between two readings a source may be old.
const warnAfter, failAfter = 3, 12

// freshness asks when the endpoints of a view were last read well, and says by the
// slowest of them how long ago that may be.
func (v view) freshness(minutes map[string]int) *dbtConfig {
	longest := 0
	for _, name := range v.endpoints {
		longest = max(longest, minutes[name])
	}
	if longest == 0 {
		return nil // it shows no rows of an endpoint that is read
	}
	return &dbtConfig{
		Freshness: dbtFreshness{
			Warn:  dbtAge{warnAfter * longest, "minute"},
			Error: dbtAge{failAfter * longest, "minute"},
		},
		LoadedAt: fmt.Sprintf("select min(coalesce(last_success_at, timestamptz '1970-01-01 00:00Z'))"+
			" from analytics.ingest_freshness where endpoint in ('%s') and next_due_at is not null",
			strings.Join(v.endpoints, "', '")),
	}
}
