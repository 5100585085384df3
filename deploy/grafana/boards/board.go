// Package boards has the Grafana dashboards: what each shows, and where.
package boards

import (
	"fmt"
	"strings"
)

// The types are what Grafana's dashboard JSON (schema version 1) has, as far as
// it is used.
type (
	object = map[string]any

	Board struct {
		UID           string   `json:"uid"`
		Title         string   `json:"title"`
		Tags          []string `json:"tags"`
		SchemaVersion int      `json:"schemaVersion"`
		Timezone      string   `json:"timezone"`
		Refresh       string   `json:"refresh"`
		Time          object   `json:"time"`
		Templating    object   `json:"templating"`
		Panels        []Panel  `json:"panels"`
	}

	Panel struct {
		ID              int      `json:"id"`
		Type            string   `json:"type"`
		Title           string   `json:"title"`
		Description     string   `json:"description"`
		GridPos         grid     `json:"gridPos"`
		Datasource      object   `json:"datasource"`
		Targets         []Target `json:"targets"`
		FieldConfig     object   `json:"fieldConfig"`
		Options         object   `json:"options"`
		Transformations []object `json:"transformations,omitempty"`
	}

	grid struct {
		H int `json:"h"`
		W int `json:"w"`
		X int `json:"x"`
		Y int `json:"y"`
	}

	Target struct {
		RefID        string `json:"refId"`
		Expr         string `json:"expr,omitempty"`
		LegendFormat string `json:"legendFormat,omitempty"`
		Instant      bool   `json:"instant,omitempty"`
		RawSQL       string `json:"rawSql,omitempty"`
		RawQuery     bool   `json:"rawQuery,omitempty"` // the SQL is written, not clicked together
		EditorMode   string `json:"editorMode,omitempty"`
		Format       string `json:"format,omitempty"`
	}

	variables = []object
)

// height is that of every panel; a row is 24 wide.
const height, width = 8, 24

// newBoard lays panels out in rows, from left to right. All ask one kind of
// data source, which is chosen above them, of chosen tenants.
func newBoard(uid, title, kind string, refresh string, more variables, panels ...Panel) Board {
	source := object{"type": kind, "uid": "${source}"}
	x, y := 0, 0
	for i := range panels {
		p := &panels[i]
		if x+p.GridPos.W > width {
			x, y = 0, y+height
		}
		p.ID, p.GridPos.X, p.GridPos.Y, p.GridPos.H, p.Datasource = i+1, x, y, height, source
		x += p.GridPos.W
	}
	return Board{
		UID: uid, Title: title, Tags: []string{"ingestd"}, SchemaVersion: 39, Timezone: "utc", Refresh: refresh,
		Time: object{"from": "now-7d", "to": "now"}, Panels: panels,
		Templating: object{"list": append(variables{
			{"name": "source", "label": "Data source", "type": "datasource", "query": kind},
		}, more...)},
	}
}

// tenants is the variable of the chosen tenants, with the query for all.
func tenants(kind, query string) object {
	return object{
		"name": "tenant", "label": "Tenant", "type": "query", "datasource": object{"type": kind, "uid": "${source}"},
		"refresh": 2, "query": query, "sort": 1, "includeAll": true, "multi": true,
		"current": object{"text": "All", "value": "$__all"},
	}
}

// query is one of the graph's, with a legend. $T in it stands for the chosen
// tenants.
func query(legend, expr string) Target {
	return Target{Expr: strings.ReplaceAll(expr, "$T", `tenant=~"$tenant"`), LegendFormat: legend}
}

// column is a column of a table, under its name.
func column(name, expr string) Target {
	t := query(name, expr)
	t.Instant, t.Format = true, "table"
	return t
}

func newPanel(kind, title string, width int, description string, defaults object, targets []Target) Panel {
	for i := range targets {
		targets[i].RefID = string(rune('A' + i))
	}
	return Panel{
		Type: kind, Title: title, Description: description, GridPos: grid{W: width}, Targets: targets,
		FieldConfig: object{"defaults": defaults, "overrides": []object{}}, Options: object{},
	}
}

// lines is a graph of one line for each series.
func lines(title string, width int, description, unit string, targets ...Target) Panel {
	p := newPanel("timeseries", title, width, description, object{"unit": unit, "min": 0}, targets)
	p.Options = object{
		"legend":  object{"displayMode": "list", "placement": "bottom"},
		"tooltip": object{"mode": "multi", "sort": "asc"},
	}
	return p
}

// stack is a graph of areas, one above the other.
func stack(title string, width int, description, unit string, targets ...Target) Panel {
	p := lines(title, width, description, unit, targets...)
	p.FieldConfig["defaults"].(object)["custom"] = object{
		"fillOpacity": 40, "lineWidth": 0, "stacking": object{"mode": "normal"},
	}
	return p
}

// A step is a value from which on a colour holds.
type step struct {
	from   int
	colour string
}

// steps are the colours of a value, the first one below all others.
func steps(below string, above ...step) object {
	list := []object{{"color": below, "value": nil}}
	for _, s := range above {
		list = append(list, object{"color": s.colour, "value": s.from})
	}
	return object{"mode": "absolute", "steps": list}
}

// stat is one figure.
func stat(title string, width int, description, unit string, thresholds object, t Target) Panel {
	defaults := object{"unit": unit, "decimals": 1, "thresholds": thresholds}
	p := newPanel("stat", title, width, description, defaults, []Target{t})
	p.Options = object{"colorMode": "value", "reduceOptions": object{"calcs": []string{"lastNotNull"}}}
	return p
}

// timeline is a row for each series, with its state as colour and word.
func timeline(title string, width int, description string, states []named, t Target) Panel {
	words := object{}
	for i, s := range states {
		word := strings.ReplaceAll(string(s.state), "_", " ")
		words[fmt.Sprint(i)] = object{"text": word, "color": s.colour, "index": i}
	}
	defaults := object{"mappings": []object{{"type": "value", "options": words}}, "custom": object{"fillOpacity": 70}}
	p := newPanel("state-timeline", title, width, description, defaults, []Target{t})
	p.Options = object{"mergeValues": true, "showValue": "auto", "legend": object{"showLegend": false}}
	return p
}

// table is a row for each set of labels, with a column for each query.
func table(title string, width int, description string, columns ...Target) Panel {
	p := newPanel("table", title, width, description, object{}, columns)
	names := object{}
	for _, c := range columns {
		name := "Value #" + c.RefID
		if len(columns) == 1 {
			name = "Value"
		}
		names[name] = c.LegendFormat
	}
	p.Transformations = []object{
		{"id": "merge", "options": object{}},
		{"id": "organize", "options": object{"excludeByName": object{"Time": true}, "renameByName": names}},
	}
	return p
}
