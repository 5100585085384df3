package torture

import (
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"ingestd/internal/bench"
	"ingestd/internal/golden"
)

// A report adds up what all runs have found that were told to add to it.
type report struct {
	mu sync.Mutex

	Storms     map[uint64]int      // gone through, by the seed of the first one of a run; the others' seeds follow it
	Sweep      map[string][]string // events that met a fault, by what befell
	Events     int                 // with a fault that a sweep has
	Missed     int                 // of these events did not come when they were to
	Faults     map[string]int      // of storms, by kind
	Violations []string            // of the program itself
	Mutants    map[string]*killing // by name
}

// A killing is how a mutant fared.
type killing struct {
	Died, Lived int
	Storms      []int     // that each death took
	Seconds     []float64 // and how long
}

func newReport() *report {
	return &report{
		Storms: map[uint64]int{}, Sweep: map[string][]string{},
		Faults: map[string]int{}, Mutants: map[string]*killing{},
	}
}

var results = newReport()

// change begins a change, which the function it returns ends. It is saved at once, as a run may be ended at any time.
func (r *report) change() (end func()) {
	r.mu.Lock()
	return func() {
		defer r.mu.Unlock()
		if err := r.save(*file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func (r *report) weathered(first, seed uint64, w *world) {
	defer r.change()()
	r.Storms[first]++
	for kind, n := range w.did {
		r.Faults[kind] += n
	}
	for _, v := range w.violations {
		r.Violations = append(r.Violations, fmt.Sprintf("seed %d: %s", seed, v))
	}
}

func (r *report) swept(o ordeal, came bool, w *world) {
	defer r.change()()
	if !came {
		r.Missed++
	}
	if !r.hasSwept(o) {
		r.Sweep[o.window.name] = append(r.Sweep[o.window.name], o.event.name)
	}
	for _, v := range w.violations {
		r.Violations = append(r.Violations, fmt.Sprintf("%s, %d, %s: %s", o.event.name, o.nth, o.window.name, v))
	}
}

// hasSwept reports whether an event met a fault.
func (r *report) hasSwept(o ordeal) bool {
	return slices.Contains(r.Sweep[o.window.name], o.event.name)
}

// rest is what of a sweep has not been gone through, or all of it if nothing is left.
func (r *report) rest(all []ordeal) []ordeal {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Events = len(all)
	for kind, events := range r.Sweep { // of which some may not be there any more
		isGone := func(name string) bool {
			is := func(o ordeal) bool { return o.window.name == kind && o.event.name == name }
			return !slices.ContainsFunc(all, is)
		}
		r.Sweep[kind] = slices.DeleteFunc(events, isGone)
	}
	if left := slices.DeleteFunc(slices.Clone(all), r.hasSwept); len(left) > 0 {
		return left
	}
	return all
}

func (r *report) of(m mutant) *killing {
	if r.Mutants[m.name] == nil {
		r.Mutants[m.name] = &killing{}
	}
	return r.Mutants[m.name]
}

func (r *report) died(m mutant, storms int, took time.Duration) {
	defer r.change()()
	k := r.of(m)
	k.Died++
	k.Storms, k.Seconds = append(k.Storms, storms), append(k.Seconds, took.Round(100*time.Millisecond).Seconds())
}

func (r *report) lived(m mutant, storms int) {
	defer r.change()()
	k := r.of(m)
	k.Lived++
	k.Storms = append(k.Storms, storms)
}

// load begins with what a file has of earlier runs.
func (r *report) load(name string) error {
	text, err := os.ReadFile(name)
	if name == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	return err
}

func (r *report) save(name string) error {
	if name == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

//go:embed report.md.tmpl
var pageTemplate string

// page is the report as a page: all mutants there are, whether they were hunted or not.
func (r *report) page(t testing.TB) string {
	t.Helper()
	known := mutants(t)
	storms, swept := 0, 0
	for _, n := range r.Storms {
		storms += n
	}
	for _, events := range r.Sweep {
		swept += len(events)
	}
	var all killing
	dead := 0
	for _, m := range known {
		if k := r.Mutants[m.name]; k != nil && k.Died > 0 {
			dead++
			all.Storms, all.Seconds = append(all.Storms, k.Storms...), append(all.Seconds, k.Seconds...)
		}
	}
	functions := template.FuncMap{
		"storms": bench.Median[int], "seconds": bench.Median[float64],
		"says": func(m mutant) string { return strings.Join(strings.Fields(m.says), " ") },
		"name": func(m mutant) string { return m.name },
		"of": func(m mutant) *killing {
			if k := r.Mutants[m.name]; k != nil {
				return k
			}
			return &killing{}
		},
	}
	var b strings.Builder
	err := template.Must(template.New("").Funcs(functions).Parse(pageTemplate)).Execute(&b, map[string]any{
		"R": r, "Storms": storms, "Swept": swept, "Mutants": known, "Dead": dead, "All": all,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReport holds docs/torture.md to docs/torture.json, which "make torture REPORT=docs/torture.json" adds to.
func TestReport(t *testing.T) {
	t.Parallel()
	r := newReport()
	if err := r.load("../../docs/torture.json"); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "../../docs/torture.md", r.page(t))
}

func TestMain(m *testing.M) {
	flag.Parse()
	if err := results.load(*file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
