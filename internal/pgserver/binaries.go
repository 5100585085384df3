package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const oldest = 15 // the oldest major version the schema supports

// places are patterns of folders that may hold the server, best first.
func places(ctx context.Context) []string {
	var patterns []string
	// May name a folder without a server: it comes with the client library.
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		patterns = append(patterns, strings.TrimSpace(string(out)))
	}
	patterns = append(patterns, filepath.SplitList(os.Getenv("PATH"))...)
	return append(patterns,
		"/usr/lib/postgresql/*/bin",         // Debian
		"/usr/pgsql-*/bin",                  // RPMs of postgresql.org
		"/usr/lib/postgresql*/bin",          // SUSE
		"/usr/libexec/postgresql*",          // Alpine
		"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
		"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
	)
}

// find returns the folder of the first place that holds a supported server,
// and of several at that place the newest.
func find(ctx context.Context, patterns []string) (string, error) {
	patterns = slices.DeleteFunc(patterns, func(p string) bool {
		return !filepath.IsAbs(p) // "." in PATH is not to be trusted
	})
	var unfit []string
	for _, pattern := range patterns {
		folders, _ := filepath.Glob(pattern)
		best, newest := "", oldest-1
		for _, folder := range folders {
			version, err := inspect(ctx, folder)
			if err != nil {
				unfit = append(unfit, err.Error())
			}
			if version > newest {
				best, newest = folder, version
			}
		}
		if best != "" {
			return best, nil
		}
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return "", missing(patterns, unfit)
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect returns the major version of the server in a folder, 0 where there
// is none, and an error where there is one that cannot be used.
func inspect(ctx context.Context, folder string) (int, error) {
	if _, err := exec.LookPath(filepath.Join(folder, "postgres")); err != nil {
		return 0, nil
	}
	if _, err := exec.LookPath(filepath.Join(folder, "initdb")); err != nil {
		return 0, fmt.Errorf("%s: no initdb", folder)
	}
	out, err := exec.CommandContext(ctx, filepath.Join(folder, "postgres"), "--version").CombinedOutput()
	match := versionText.FindSubmatch(out)
	if err != nil || match == nil {
		return 0, fmt.Errorf("%s: postgres --version says %q (%v)", folder, out, err)
	}
	version, err := strconv.Atoi(string(match[1]))
	if version < oldest {
		return 0, fmt.Errorf("%s: version %s is too old", folder, match[1])
	}
	return version, err
}

func missing(patterns, unfit []string) error {
	message := fmt.Sprintf("no PostgreSQL server %d or later found; looked for postgres and initdb in %s",
		oldest, strings.Join(patterns, ", "))
	if len(unfit) > 0 {
		message += "; found " + strings.Join(unfit, ", ")
	}
	return errors.New(message + "; run \"make postgres\", or install the system's package " +
		"(postgresql, postgresql-server, or postgresql@17 of Homebrew)")
}
