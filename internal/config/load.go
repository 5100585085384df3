package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFile is the largest configuration file read, in bytes. A real one has a
// few thousand; the bound keeps a wrong path from filling the memory.
const maxFile = 1 << 20

// searched are the files tried, in this order, when none is named.
var searched = []string{"config.yaml", "/etc/ingestd/config.yaml"}

// Load reads the configuration from the file at path or, if path is empty,
// from the first that exists of ./config.yaml and /etc/ingestd/config.yaml;
// then from the INGESTD_ variables, which win. For a single tenant they
// suffice without a file. Relative paths are relative to the working folder.
//
// The variables are looked up with getenv, usually os.Getenv; PG* variables
// are read by pgx from the process as well. Endpoints not in known are
// refused; all that are known are present in each tenant of the result.
//
// The error is always an *Error that holds all faults at once. Secrets are
// read once, to report a missing one now rather than at the first request.
func Load(path string, getenv func(string) string, known []Bounds) (*Config, error) {
	l := newLoader(getenv, known)
	config := newConfig()
	config.Retention = newRetention(l.known)
	l.decode(l.read(path), config)
	config.File = l.file
	l.environment(config)
	l.check(config)
	if err := l.err(); err != nil {
		return nil, err
	}
	return config, nil
}

// loader carries what the steps of Load share.
type loader struct {
	faults
	getenv func(string) string
	known  map[string]Bounds
}

func newLoader(getenv func(string) string, known []Bounds) *loader {
	l := &loader{
		faults: faults{places: map[string]place{}, faulty: map[string]bool{}},
		getenv: getenv,
		known:  map[string]Bounds{},
	}
	for _, bounds := range known {
		l.known[bounds.Name] = bounds
	}
	return l
}

// read returns the content of the file, or nothing if variables must do.
func (l *loader) read(path string) []byte {
	candidates := searched
	if path != "" {
		candidates = []string{path}
	}
	for _, name := range candidates {
		data, err := readBounded(name, maxFile)
		if path == "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		l.file = name
		if err != nil {
			l.add("", "cannot be read: %s", reason(err))
		}
		return data
	}
	if !l.anyVariable() {
		l.add("", "no configuration: write ./config.yaml or /etc/ingestd/config.yaml (or name a file with --config), "+
			"or set INGESTD_DATABASE_URL, INGESTD_TENANT_ID, INGESTD_CLIENT_ID and INGESTD_CLIENT_SECRET_FILE")
	}
	return nil
}

func readBounded(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, limit)
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than %d KiB", limit>>10)
	}
	return data, err
}

// reason is the cause of a file error without the path, which a message about
// a key must not quote: it may be a secret put in the wrong place.
func reason(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err.Error()
	}
	return err.Error()
}
