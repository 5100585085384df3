package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ingestd/internal/store/storetest"
)

// TestScripts runs the command line as its users do, one script per theme.
// Each has a tenant, a migrated and an empty database, and in its folder a
// config.yaml that joins the first two.
func TestScripts(t *testing.T) { runScripts(t, "testdata") }

// TestToolsScripts are scripts that take long.
func TestToolsScripts(t *testing.T) {
	storetest.Tools(t)
	runScripts(t, filepath.Join("testdata", "tools"))
}

func runScripts(t *testing.T, dir string) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"edit":      edit,
			"exits":     exits,
			"oneline":   oneLine,
			"silent":    silent,
			"signal":    sendSignal,
			"sql":       query,
			"until":     until,
			"writes":    writes,
			"untouched": untouched,
			"deny":      deny,
			"ago":       ago,
			"serve":     serve,
			"clock":     setClock,
			"refuse":    refuse,
			"same":      same,
			"found":     found,
			"shutdown":  shutdown,
			"conforms":  conforms,
		},
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, quickExit)
			s := &stage{begun: time.Now()} // clocks that are minutes apart would be a problem of their own
			c := small
			c.Now = func() time.Time { return s.begun.Add(-time.Duration(s.behind.Load())) }
			s.Server = simulate(t, c)
			e.Values[stageKey{}] = s
			e.Setenv("NL", "\n")
			e.Setenv("DATABASE_URL", storetest.URL(t))
			for name, daysAgo := range map[string]int{"SETTLED": 3, "FROM": 10, "TO": 6} {
				e.Setenv(name, s.begun.UTC().AddDate(0, 0, -daysAgo).Format(time.DateOnly))
			}
			e.Setenv("WRITER_URL", strings.Replace(e.Getenv("DATABASE_URL"), "user=ingestd", "user=writer", 1))
			e.Setenv("EMPTY_DATABASE_URL", storetest.EmptyURL(t))
			return configure(e.WorkDir, e.Getenv("DATABASE_URL"), "pstn_calls", s.Server)
		},
	})
}
