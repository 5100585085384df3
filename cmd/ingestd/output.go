package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

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

// outputFlag adds --output to a verb that reads.
func outputFlag(cmd *cobra.Command) *string {
	return cmd.Flags().StringP("output", "o", "table", "table or json")
}

// emit prints a list in the form that --output asks for. JSON is one array of
// all items, with every field.
func emit[T any](cmd *cobra.Command, form string, items []T, columns []string, row func(T) []string) error {
	switch form {
	case "json":
		if items == nil {
			items = []T{}
		}
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(items)
	case "table":
		t := store.Answer{Columns: columns}
		for _, item := range items {
			t.Rows = append(t.Rows, row(item))
		}
		return printTable(cmd.OutOrStdout(), t)
	}
	return errUsage("--output takes table or json")
}

func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func orDash[T any](p *T) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprint(*p)
}
