package boards

import (
	"embed"
	"fmt"
	"strings"
)

// Each query is a file, in the folder of its board.
//
//go:embed sql
var sqlFiles embed.FS

const postgres = "grafana-postgresql-datasource"

// analyticsBoard shows views of the schema analytics.
func analyticsBoard(name, title string, more variables, panels ...Panel) Board {
	// Grafana takes only text as values of a variable.
	tenant := tenants(postgres, "SELECT DISTINCT tenant_id::text FROM analytics.ingest_freshness ORDER BY tenant_id")
	return newBoard("ingestd-"+name, title, postgres, "15m", append(variables{tenant}, more...), panels...)
}

// sqlFile reads the query of a panel: "board/panel".
func sqlFile(name string) string {
	text, err := sqlFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // it is among those built in, or the boards' test fails
	}
	return strings.TrimSpace(string(text))
}

func ask(format, sql string) Target {
	return Target{RawSQL: sql, RawQuery: true, EditorMode: "code", Format: format}
}

// rows are a table as it is asked for.
func rows(name string) Target { return ask("table", sqlFile(name)) }

// points have a time, and either a column for each series or its name as metric.
func points(name string) Target { return ask("time_series", sqlFile(name)) }

// The points of a graph are asked for twice, as what is not final has a look of
// its own. A line of those goes on where the final one ends.
const (
	finalBuckets = `WITH buckets AS (
%s
)
SELECT time, metric, value
FROM buckets
WHERE is_final
ORDER BY time, metric`

	openBuckets = `WITH buckets AS (
%s
)
SELECT time, metric, value
FROM (
    SELECT *,
           max(time) FILTER (WHERE is_final) OVER (PARTITION BY metric) AS final_until
    FROM buckets
) b
WHERE NOT is_final%s
ORDER BY time, metric`

	joined = `
   OR time = final_until`
)

// buckets are the final points of a query, and the others. They are joined for
// lines, but not for bars.
func buckets(name, join string) []Target {
	sql := "    " + strings.ReplaceAll(sqlFile(name), "\n", "\n    ")
	return []Target{
		ask("time_series", fmt.Sprintf(finalBuckets, sql)),
		ask("time_series", fmt.Sprintf(openBuckets, sql, join)),
	}
}

// restyle changes the look of the points that a query gives.
func (p Panel) restyle(refID string, properties ...object) Panel {
	p.FieldConfig["overrides"] = append(p.FieldConfig["overrides"].([]object), object{
		"matcher": object{"id": "byFrameRefID", "options": refID}, "properties": properties,
	})
	return p
}

func property(id string, value any) object { return object{"id": id, "value": value} }

// unlisted series have the name and colour of another one.
var unlisted = property("custom.hideFrom", object{"legend": true, "tooltip": false, "viz": false})

// colours are by name, so that a series has the same one in both its parts.
func byName(p Panel, custom object) Panel {
	defaults := p.FieldConfig["defaults"].(object)
	defaults["color"], defaults["custom"] = object{"mode": "palette-classic-by-name"}, custom
	return p
}

// bucketLines is a graph of lines, dashed where buckets are not final.
func bucketLines(title string, width int, description, unit, name string, more ...Target) Panel {
	p := lines(title, width, description, unit, append(buckets(name, joined), more...)...)
	dashed := property("custom.lineStyle", object{"fill": "dash", "dash": []int{6, 6}})
	return byName(p, object{"lineWidth": 2}).restyle("B", dashed, unlisted)
}

// bucketBars is a graph of stacked bars, hollow where buckets are not final.
func bucketBars(title string, width int, description, unit, name string) Panel {
	p := lines(title, width, description, unit, buckets(name, "")...)
	custom := object{"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 1, "stacking": object{"mode": "normal"}}
	return byName(p, custom).restyle("B", property("custom.fillOpacity", 15), unlisted)
}

// against adds the lines of a target to a graph of lines.
func (p Panel) against() Panel {
	return p.restyle("C", property("custom.lineWidth", 1), property("custom.fillOpacity", 0),
		property("color", object{"mode": "fixed", "fixedColor": "red"}))
}

// figure is one number.
func figure(title string, width int, description, unit, name string) Panel {
	p := stat(title, width, description, unit, steps("text"), rows(name))
	if unit != "percent" {
		p.FieldConfig["defaults"].(object)["decimals"] = 0
	}
	return p
}

// figures are a number for each row, under the text that names the row.
func figures(title string, width int, description, label, value, name string) Panel {
	p := figure(title, width, description, "locale", name)
	defaults := p.FieldConfig["defaults"].(object)
	defaults["decimals"], defaults["displayName"] = 2, "${__data.fields."+label+"}"
	p.Options["reduceOptions"] = object{"values": true, "fields": "/^" + value + "$/"}
	return p
}

// sheet is a table whose columns are named as the query names them. The end of
// a name is its unit.
func sheet(title string, width int, description, name string) Panel {
	p := newPanel("table", title, width, description, object{}, []Target{rows(name)})
	var overrides []object
	for _, u := range []struct {
		names, unit string
		decimals    int
	}{
		{"%$", "percent", 1}, {" ms$", "ms", 0}, {" s$", "s", 1}, {"^(minutes|pool|left)", "locale", 0},
		{"^cost", "locale", 2}, {"^glitches", "locale", 1},
	} {
		overrides = append(overrides, object{
			"matcher":    object{"id": "byRegexp", "options": "/" + u.names + "/"},
			"properties": []object{property("unit", u.unit), property("decimals", u.decimals)},
		})
	}
	p.FieldConfig["overrides"] = overrides
	return p
}

// heat is a table whose cells are the darker the larger they are.
func heat(title string, width int, description, name string) Panel {
	return newPanel("table", title, width, description, object{
		"unit": "short", "decimals": 0, "color": object{"mode": "continuous-blues"},
		"custom": object{"cellOptions": object{"type": "color-background"}, "minWidth": 40},
	}, []Target{rows(name)})
}
