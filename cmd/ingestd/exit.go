package main

import (
	"context"
	"errors"
	"strings"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// Exit codes, a contract for scripts.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2 // command line, configuration, or a schema that does not fit
	exitDegraded    = 3 // works, but is late, throttled or has lost something
	exitDenied      = 4 // authentication or consent
	exitInterrupted = 130
)

// errUsage is a mistake on the command line.
type errUsage string

func (e errUsage) Error() string { return string(e) }

// errDegraded is work done with something amiss.
type errDegraded string

func (e errDegraded) Error() string { return string(e) }

// exitCode is the code for a command's error.
func exitCode(err error) int {
	var usage errUsage
	var degraded errDegraded
	var faults *config.Error
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &usage), errors.As(err, &faults), errors.Is(err, store.ErrNotMigrated), isUnknownCommand(err):
		return exitUsage
	case fetch.KindOf(err) == fetch.Denied:
		return exitDenied
	case fetch.KindOf(err) == fetch.Throttled, errors.As(err, &degraded):
		return exitDegraded
	}
	return exitFailed
}

// isUnknownCommand recognizes cobra's own complaints, which have no type.
func isUnknownCommand(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "unknown command") || strings.HasPrefix(text, "accepts ") || strings.HasPrefix(text, "requires at least")
}
