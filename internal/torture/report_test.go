package torture

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"
)

// A report adds up what all runs have found that were told to add to it.
type report struct {
	mu sync.Mutex

	Storms     int                 // gone through
	Seeds      []uint64            // of these
	Ordeals    int                 // events that met a fault
	Missed     int                 // that did not come when they were to
	Sweep      map[string]int      // ordeals by what befell
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

var results = report{Sweep: map[string]int{}, Faults: map[string]int{}, Mutants: map[string]*killing{}}

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

func (r *report) weathered(seed uint64, w *world) {
	defer r.change()()
	r.Storms++
	r.Seeds = append(r.Seeds, seed)
	for kind, n := range w.did {
		r.Faults[kind] += n
	}
	for _, v := range w.violations {
		r.Violations = append(r.Violations, fmt.Sprintf("seed %d: %s", seed, v))
	}
}

func (r *report) swept(o ordeal, came bool, w *world) {
	defer r.change()()
	r.Ordeals++
	if !came {
		r.Missed++
	}
	r.Sweep[o.window.name]++
	for _, v := range w.violations {
		r.Violations = append(r.Violations, fmt.Sprintf("%s, %d, %s: %s", o.event.name, o.nth, o.window.name, v))
	}
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

func TestMain(m *testing.M) {
	flag.Parse()
	if err := results.load(*file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
