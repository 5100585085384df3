// Package preview draws a dashboard without Grafana, from the dashboard's JSON and
// what its queries answer. It is for pictures of what the boards show; their look
// in Grafana is Grafana's.
package preview

import (
	_ "embed"
	"html/template"
	"io"

	"ingestd/deploy/grafana/boards"
)

var (
	//go:embed preview.html
	pageText string
	//go:embed preview.css
	style string
	//go:embed preview.js
	script string

	page = template.Must(template.New("preview.html").Parse(pageText))
)

// An Answer is what a query returned, in text; null is empty.
type Answer struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Answers are those of a board, by the id of the panel and the letter of the query.
type Answers map[int]map[string]Answer

// Write writes the page. It takes the sources of uPlot, which draws the graphs,
// in Grafana too.
func Write(out io.Writer, b boards.Board, c boards.Choice, answers Answers, uplotJS, uplotCSS string) error {
	return page.Execute(out, map[string]any{
		"Board": b, "Choice": c, "Answers": answers, "CSS": template.CSS(style), "JS": template.JS(script),
		"UPlotJS": template.JS(uplotJS), "UPlotCSS": template.CSS(uplotCSS),
		"Span": map[string]int64{"from": c.From.Unix(), "to": c.To.Unix()},
	})
}
