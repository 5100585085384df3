package boards

import (
	"regexp"
	"strings"
	"time"
)

// A Query is the SQL of a panel.
type Query struct{ Panel, SQL string }

// Queries are those that ask PostgreSQL, variables first.
func (b Board) Queries() (list []Query) {
	for _, v := range b.Templating["list"].(variables) {
		if source, ok := v["datasource"].(object); ok && source["type"] == postgres {
			list = append(list, Query{"$" + v["name"].(string), v["query"].(string)})
		}
	}
	for _, p := range b.Panels {
		for _, t := range p.Targets {
			if t.RawSQL != "" {
				list = append(list, Query{p.Title + " " + t.RefID, t.RawSQL})
			}
		}
	}
	return list
}

// A Choice is what is chosen above the panels.
type Choice struct {
	From, To time.Time
	Tenants  []string
	Bucket   string // hour, day or week; default day
}

var timeFilter = regexp.MustCompile(`\$__timeFilter\(([^)]*)\)`)

// Fill puts it into SQL as Grafana does, in place of macros and variables.
func (c Choice) Fill(sql string) string {
	from, to := c.From.UTC().Format(time.RFC3339Nano), c.To.UTC().Format(time.RFC3339Nano)
	sql = timeFilter.ReplaceAllString(sql, "$1 BETWEEN '"+from+"' AND '"+to+"'")
	bucket := c.Bucket
	if bucket == "" {
		bucket = "day"
	}
	return strings.NewReplacer(
		"$__timeFrom()", "'"+from+"'",
		"$__timeTo()", "'"+to+"'",
		"$tenant", "'"+strings.Join(c.Tenants, "','")+"'",
		"$bucket", bucket,
	).Replace(sql)
}
