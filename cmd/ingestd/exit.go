package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// Exit codes, a contract for scripts.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2  // command line; a crash of Go's runtime ends with it too
	exitDegraded    = 3  // works, but is late, throttled or has lost something
	exitDenied      = 4  // authentication or consent
	exitConfig      = 78 // configuration, or a schema that does not fit; a restart would not help
	exitInterrupted = 130
)

// errUsage is a mistake on the command line.
type errUsage string

func (e errUsage) Error() string { return string(e) }

// errConfig is a contradiction in the configuration.
type errConfig string

func (e errConfig) Error() string { return string(e) }

// errDegraded is work done with something amiss.
type errDegraded string

func (e errDegraded) Error() string { return string(e) }

// errSaid is an exit code whose reason is printed already.
type errSaid int

func (e errSaid) Error() string { return "" }

// exitWith ends a command whose reason is printed already.
func exitWith(code int) error {
	if code == exitOK {
		return nil
	}
	return errSaid(code)
}

// usageOf is a mistake in the use of a command, with the next step.
func usageOf(cmd *cobra.Command, mistake string) error {
	return errUsage(mistake + "; see: " + cmd.CommandPath() + " --help")
}

// seriousness orders the codes for several errors at once.
var seriousness = []int{exitInterrupted, exitUsage, exitConfig, exitDenied, exitFailed, exitDegraded, exitOK}

// exitCode is the code for a command's error, of several the most serious.
func exitCode(err error) int {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		return mostSerious(several.Unwrap())
	}
	var usage errUsage
	var contradiction errConfig
	var degraded errDegraded
	var faults *config.Error
	var said errSaid
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &said):
		return int(said)
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &faults), errors.As(err, &contradiction),
		errors.Is(err, store.ErrNotMigrated), errors.Is(err, store.ErrUnfit):
		return exitConfig
	case fetch.KindOf(err) == fetch.Denied:
		return exitDenied
	case fetch.KindOf(err) == fetch.Throttled, errors.As(err, &degraded):
		return exitDegraded
	}
	return exitFailed
}

func mostSerious(errs []error) int {
	var codes []int
	for _, err := range errs {
		codes = append(codes, exitCode(err))
	}
	return seriousness[slices.IndexFunc(seriousness, func(code int) bool { return slices.Contains(codes, code) })]
}
