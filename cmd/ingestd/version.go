package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the program's version",
		Long: `version prints the program's version, the revision it was built from, and the Go
release, system and processor it was built for. It needs no configuration.`,
		Example: "  ingestd version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "ingestd %s, revision %s, %s %s/%s\n",
				version(), revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	exitTable(cmd, exitCodes{exitConfig: ""})
	return cmd
}

// version is the program's own.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "(devel)"
}

// revision is what the program was built from, as far as its build noted that.
func revision() string {
	var settings []debug.BuildSetting
	if info, ok := debug.ReadBuildInfo(); ok {
		settings = info.Settings
	}
	return revisionOf(settings)
}

func revisionOf(settings []debug.BuildSetting) string {
	values := map[string]string{}
	for _, s := range settings {
		values[s.Key] = s.Value
	}
	revision := values["vcs.revision"]
	if revision == "" {
		return "not known (built without version control)"
	}
	revision = revision[:min(12, len(revision))]
	if at := values["vcs.time"]; at != "" {
		revision += " of " + at
	}
	if values["vcs.modified"] == "true" {
		revision += ", with changes"
	}
	return revision
}
