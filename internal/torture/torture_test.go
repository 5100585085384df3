package torture

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	swept   = flag.Int("torture.sweep", 0, "how many pairs of an event and a fault to try, any of all")
	seeds   = flag.Int("torture.storms", 0, "how many storms to go through")
	seed    = flag.Uint64("torture.seed", 0, "seed of the first storm; default: any")
	steps   = flag.Int("torture.steps", 8, "what a storm is made of")
	only    = flag.String("torture.only", "", "actions that a storm is made of, by name; default: all")
	hunted  = flag.String("torture.mutants", "", "mutants to find out: all, a number of any, or names")
	enough  = flag.Int("torture.enough", 60, "how many storms a mutant may live through")
	minutes = flag.Float64("torture.minutes", 0, "begin nothing more after so long, in each test; default: no limit")
	file    = flag.String("torture.report", "", "file to add the results to")
)

// TestStorms goes through storms.
func TestStorms(t *testing.T) {
	if *seeds == 0 {
		t.Skip("run by: make torture")
	}
	begun, first := time.Now(), *seed
	if first == 0 {
		first = rand.Uint64N(1 << 32)
	}
	program := build(t, mutant{name: "the program"})
	next := make(chan uint64)
	go func() {
		defer close(next)
		for n := range *seeds {
			if isOver(begun) {
				return
			}
			next <- first + uint64(n)
		}
	}()
	inLanes(t, func(t *testing.T) {
		s := newStage(t, program, newServer(t))
		for seed := range next {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { s.try(t, first, seed) })
		}
	})
}

// isOver reports whether no more is to be begun.
func isOver(begun time.Time) bool { return *minutes > 0 && time.Since(begun).Minutes() > *minutes }

// inLanes does work side by side, as often as -parallel says, and waits for all.
func inLanes(t *testing.T, work func(*testing.T)) {
	lanes := flag.Lookup("test.parallel").Value.(flag.Getter).Get().(int)
	t.Run("lanes", func(t *testing.T) {
		for lane := range lanes {
			t.Run(fmt.Sprint(lane), func(t *testing.T) {
				t.Parallel()
				work(t)
			})
		}
	})
}

// TestMutantsDie holds that each mutant is found out.
func TestMutantsDie(t *testing.T) {
	if *hunted == "" {
		t.Skip("run by: make torture")
	}
	begun, list := time.Now(), mutants(t)
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if n, err := strconv.Atoi(*hunted); err == nil {
		list = list[:min(n, len(list))]
	} else if *hunted != "all" {
		named := strings.Split(*hunted, ",")
		list = slices.DeleteFunc(list, func(m mutant) bool { return !slices.Contains(named, m.name) })
	}
	next := make(chan mutant)
	go func() {
		defer close(next)
		for _, m := range list {
			if isOver(begun) {
				return
			}
			next <- m
		}
	}()
	inLanes(t, func(t *testing.T) {
		server := newServer(t)
		for m := range next {
			t.Run(m.name, func(t *testing.T) { hunt(t, m, server, begun) })
		}
	})
}

// hunt has a mutant go through storms until it is found out.
func hunt(t *testing.T, m mutant, server *server, started time.Time) {
	s, begun := newStage(t, build(t, m), server), time.Now()
	for n := range *enough {
		if n > 0 && isOver(started) {
			t.Logf("%s: not found by %d storms, for which there was time", m.name, n)
			return
		}
		found := ""
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := s.newWorld(t, rand.Uint64N(1<<32))
			w.storm(*steps)
			found = w.told()
		})
		if found != "" {
			t.Logf("%s: found by storm %d, after %.0f s: %s", m.name, n+1, time.Since(begun).Seconds(), found)
			results.died(m, n+1, time.Since(begun))
			return
		}
	}
	results.lived(m, *enough)
	t.Errorf("%s lives: %s", m.name, m.says)
}

// try goes through one storm, and fails for what does not hold.
func (s *stage) try(t *testing.T, first, seed uint64) {
	begun := time.Now()
	w := s.newWorld(t, seed)
	w.storm(*steps)
	results.weathered(first, seed, w)
	t.Logf("seed %d, %.1f s: %v", seed, time.Since(begun).Seconds(), tally(w.did))
	if len(w.violations) > 0 {
		t.Errorf("seed %d: %s", seed, w.told())
		if testing.Verbose() {
			t.Log(w.said.String())
		}
	}
}

func tally(did map[string]int) (text string) {
	for _, kind := range slices.Sorted(maps.Keys(did)) {
		text += fmt.Sprintf("%d %s, ", did[kind], kind)
	}
	return text
}
