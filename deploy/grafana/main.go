// Command grafana prints the Grafana dashboard "Ingestion" as JSON, or, with
// -rules, its queries as a file of rules that promtool can check:
//
//	go run ./deploy/grafana >deploy/grafana/ingestion.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	rules := flag.Bool("rules", false, "print the queries as rules of Prometheus")
	flag.Parse()
	write := writeBoard
	if *rules {
		write = writeRules
	}
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "grafana:", err)
		os.Exit(1)
	}
}

func writeBoard(out io.Writer) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(ingestion())
}

// writeRules prints every query as a recording rule, with values in place of
// Grafana's variables.
func writeRules(out io.Writer) error {
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	type group struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	}
	values := strings.NewReplacer("$tenant", ".*", "$__rate_interval", "5m")
	g := group{Name: "ingestion"}
	for _, p := range ingestion().Panels {
		for _, t := range p.Targets {
			g.Rules = append(g.Rules, rule{fmt.Sprintf("panel%d:%s", p.ID, t.RefID), values.Replace(t.Expr)})
		}
	}
	return json.NewEncoder(out).Encode(map[string][]group{"groups": {g}}) // JSON is YAML
}
