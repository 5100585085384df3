// Command grafana makes the dashboards. It prints the queries of Prometheus as
// a file of rules that promtool can check, or those of PostgreSQL, one after the
// other, with values in place of Grafana's variables:
//
//	go run ./deploy/grafana -rules
//	go run ./deploy/grafana -sql
//
// The files are written by its test: go test ./deploy/grafana -update
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ingestd/deploy/grafana/boards"
)

func main() {
	rules := flag.Bool("rules", false, "print the queries of Prometheus as rules")
	sql := flag.Bool("sql", false, "print the queries of PostgreSQL")
	flag.Parse()
	var err error
	switch {
	case *rules:
		err = writeRules(os.Stdout)
	case *sql:
		err = writeSQL(os.Stdout)
	default:
		err = fmt.Errorf("takes -rules or -sql")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "grafana:", err)
		os.Exit(1)
	}
}

func writeBoard(out io.Writer, b boards.Board) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(b)
}

// writeRules prints every query as a recording rule.
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
	for _, p := range boards.All()["ingestion"].Panels {
		for _, t := range p.Targets {
			g.Rules = append(g.Rules, rule{fmt.Sprintf("panel%d:%s", p.ID, t.RefID), values.Replace(t.Expr)})
		}
	}
	return json.NewEncoder(out).Encode(map[string][]group{"groups": {g}}) // JSON is YAML
}

// writeSQL prints every query as a statement.
func writeSQL(out io.Writer) error {
	now := time.Now()
	at := boards.Choice{From: now.AddDate(0, 0, -7), To: now, Tenants: []string{uuid.Nil.String()}}
	for _, name := range slices.Sorted(maps.Keys(boards.All())) {
		for _, q := range boards.All()[name].Queries() {
			if _, err := fmt.Fprintf(out, "-- %s: %s\n%s;\n\n", name, q.Panel, at.Fill(q.SQL)); err != nil {
				return err
			}
		}
	}
	return nil
}
