package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// exitCodes are what a command's exit codes mean.
type exitCodes map[int]string

// everyExit are the codes that every command may end with.
var everyExit = exitCodes{
	exitOK:          "all went well",
	exitFailed:      "it failed, as when the database does not answer",
	exitUsage:       "a mistake on the command line",
	exitConfig:      "a mistake in the configuration, or a schema that does not fit",
	exitInterrupted: "interrupted by Ctrl-C or SIGTERM",
}

// exitsKey is where a command keeps its exit codes for its help.
const exitsKey = "exit codes"

// exitTable writes into a command's help what its exit codes mean, where that says
// more than everyExit.
func exitTable(cmd *cobra.Command, own exitCodes) {
	all := maps.Clone(everyExit)
	maps.Copy(all, own)
	var lines strings.Builder
	for _, code := range slices.Sorted(maps.Keys(all)) {
		if all[code] != "" {
			fmt.Fprintf(&lines, "  %3d  %s\n", code, all[code])
		}
	}
	cmd.Annotations = map[string]string{exitsKey: strings.TrimRight(lines.String(), "\n")}
}

// helpTemplate is the help of a command. What it does comes first, then how it
// is called.
const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}Usage:
{{- if .Runnable}}{{if not .HasAvailableSubCommands}}
  {{.UseLine}}{{end}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND [flags]

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{flagLines .LocalFlags}}{{end}}{{if .HasAvailableInheritedFlags}}

Flags of every command:
{{flagLines .InheritedFlags}}{{end}}{{with index .Annotations "exit codes"}}

Exit codes:
{{.}}{{end}}{{if .HasAvailableSubCommands}}

More about a command: {{.CommandPath}} COMMAND --help{{end}}
`

func init() { cobra.AddTemplateFunc("flagLines", flagLines) }

// flagLines explains flags, a line each.
func flagLines(flags *pflag.FlagSet) string {
	var lines strings.Builder
	w := tabwriter.NewWriter(&lines, 0, 0, 3, ' ', 0)
	flags.VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		short, long := "    ", "--"+f.Name
		if f.Shorthand != "" {
			short = "-" + f.Shorthand + ", "
		}
		switch {
		case f.Value.Type() == "bool":
		case f.DefValue != "" && f.DefValue != "[]":
			long, usage = long+" "+name, usage+" (default "+f.DefValue+")"
		default:
			long += " " + name
		}
		fmt.Fprintf(w, "  %s%s\t%s\n", short, long, usage)
	})
	w.Flush()
	return strings.TrimRight(lines.String(), "\n")
}

// helpWell gives all commands below a root the same kind of help, which a verb
// that does not exist has not.
func helpWell(root *cobra.Command) {
	root.SetHelpTemplate(helpTemplate)
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if unknownVerb(cmd) == "" {
			show(cmd, args)
		}
	})
	root.SetHelpCommand(newHelp())
}

// unknownVerb is the word that stands where a verb of a command is wanted.
func unknownVerb(cmd *cobra.Command) string {
	if cmd.HasSubCommands() && cmd.Flags().NArg() > 0 {
		return cmd.Flags().Arg(0)
	}
	return ""
}

// asUsage gives a type to those mistakes on the command line that cobra gives
// none, or takes for a call for help.
func asUsage(cmd *cobra.Command, err error) error {
	switch verb := unknownVerb(cmd); {
	case err != nil && strings.HasPrefix(err.Error(), "unknown command "):
		return usageOf(cmd, err.Error())
	case err == nil && verb != "" && cmd.Flags().Changed("help"):
		return usageOf(cmd, fmt.Sprintf("unknown command %q for %q", verb, cmd.CommandPath()))
	}
	return err
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return errUsage(fmt.Sprintf("there is no command %q; see: ingestd --help", strings.Join(args, " ")))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
