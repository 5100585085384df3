package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"ingestd/internal/store"
)

// printTable prints columns and rows, aligned.
func printTable(out io.Writer, t store.Answer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(t.Columns, "\t")))
	for _, row := range t.Rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
