package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// outputFlag adds --output to a verb that reads.
func outputFlag(cmd *cobra.Command) *form {
	f := form("table")
	cmd.Flags().VarP(&f, "output", "o", "table or json")
	_ = cmd.RegisterFlagCompletionFunc("output", // it fails only for a flag that is not there
		cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return &f
}

// A form is what --output asks for.
type form string

func (f *form) Set(text string) error {
	if text != "table" && text != "json" {
		return errUsage("--output takes table or json")
	}
	*f = form(text)
	return nil
}

func (f *form) String() string { return string(*f) }
func (f *form) Type() string   { return "string" }

func (f *form) json() bool { return *f == "json" }

// printJSON prints a value as JSON, a list as one array of all items.
func printJSON(out io.Writer, value any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // as a person reads it; no page takes it
	return enc.Encode(value)
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
