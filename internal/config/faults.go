package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is every fault found in a configuration, one clear line each, in the
// order of the file. No line quotes a value, since a value may be a secret in
// the wrong place.
type Error struct {
	Faults []string
}

func (e *Error) Error() string { return strings.Join(e.Faults, "\n") }

// faults collects what is wrong, and where each key was set.
type faults struct {
	file   string // as given by the operator; empty without a file
	places map[string]place
	found  []fault
	faulty map[string]bool // paths of found
}

// place is where a key got its value: a line of the file or a variable.
type place struct {
	line     int
	variable string
}

type fault struct {
	at   place
	path string
	text string
}

// add records a fault of the key at path. Only the first fault of a key, or of
// a part of the file that holds it, is kept: what follows from it is noise.
func (f *faults) add(path, format string, args ...any) {
	if !f.blamed(path) {
		f.faulty[path] = true
		f.found = append(f.found, fault{f.place(path), path, fmt.Sprintf(format, args...)})
	}
}

// blamed reports whether the key at path, or one around it, has a fault already.
func (f *faults) blamed(path string) bool {
	return f.faulty[path] || path != "" && f.blamed(parent(path))
}

// err returns all faults as one *Error, or nil.
func (f *faults) err() error {
	if len(f.found) == 0 {
		return nil
	}
	slices.SortStableFunc(f.found, func(a, b fault) int {
		return cmp.Compare(a.at.line, b.at.line)
	})
	e := &Error{}
	for _, found := range f.found {
		e.Faults = append(e.Faults, f.render(found))
	}
	return e
}

func (f *faults) render(found fault) string {
	parts := []string{f.file, found.path, found.text}
	switch {
	case found.at.variable != "":
		parts = []string{found.at.variable, found.text}
	case f.file == "":
		parts[0] = "environment"
	case found.at.line > 0:
		parts[0] = fmt.Sprintf("%s:%d", f.file, found.at.line)
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// place finds where the key at path was set or, if it is missing, where the
// mapping begins that should hold it.
func (f *faults) place(path string) place {
	at, known := f.places[path]
	if known || path == "" {
		return at
	}
	return f.place(parent(path))
}

// parent cuts the last step off a path such as tenants[0].auth.client_id.
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// join adds a key to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
