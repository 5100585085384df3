package torture

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// speed is how much faster than the machine's the simulation's time passes: a wait of a second takes 50 ms.
const speed = 20

// A clock is the time of the tenant and of the processes that read it. A file tells it to these.
type clock struct {
	file string

	mu     sync.Mutex
	at     time.Time // on the machine's clock
	shows  time.Time
	stands bool
	wrong  time.Duration // how far the date of the processes is ahead
}

func newClock(t testing.TB, start time.Time) *clock {
	t.Helper()
	c := &clock{file: filepath.Join(t.TempDir(), "clock"), at: time.Now(), shows: start}
	c.write()
	return c
}

// Now is the tenant's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time {
	if c.stands {
		return c.shows
	}
	return c.shows.Add(time.Since(c.at) * speed)
}

// Stop has the time stand. goOn has it go on, unless it stood before.
func (c *clock) Stop() (goOn func()) {
	stood := false
	c.set(func() { stood, c.stands = c.stands, true })
	return func() { c.set(func() { c.stands = stood }) }
}

// Go has the time go on.
func (c *clock) Go() { c.set(func() { c.stands = false }) }

// Advance moves the time on.
func (c *clock) Advance(d time.Duration) { c.set(func() { c.shows = c.shows.Add(d) }) }

// Mislead has the processes believe in a date that is so far ahead.
func (c *clock) Mislead(d time.Duration) { c.set(func() { c.wrong = d }) }

func (c *clock) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shows, c.at = c.now(), time.Now()
	change()
	c.write()
}

// write tells the processes: that time passes while it stands for the tenant does not matter to them.
func (c *clock) write() {
	text := fmt.Sprintln(c.at.UnixNano(), c.shows.UnixNano(), int64(c.wrong))
	next := c.file + ".next"
	if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
		panic(err)
	}
	if err := os.Rename(next, c.file); err != nil {
		panic(err)
	}
}

// clockReplacements have the program go by the simulation's clock, and tell how it stands by it.
var clockReplacements = []replacement{
	{
		file: "internal/fetch/clock.go",
		old:  "var machine = Clock{Now:",
		with: "var machine = simulatedClock()\n\nvar _ = Clock{Now:",
	},
	{file: "cmd/ingestd/snapshot.go", old: "now := time.Now()", with: "now := fetch.MachineClock().Wall()"},
	{
		file: "cmd/ingestd/snapshot.go",
		old:  "import (\n",
		with: "import (\n\t\"ingestd/internal/fetch\"\n",
	},
}

// clockSource is a file more of package fetch.
const clockSource = `package fetch

import (
	"fmt"
	"os"
	"sync"
	"time"
)

func simulatedClock() Clock {
	var mu sync.Mutex
	var last time.Time
	var at, shows int64
	date := func() (now time.Time, wrong time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		text, err := os.ReadFile(os.Getenv("SIMULATED_CLOCK"))
		if err == nil {
			_, err = fmt.Sscan(string(text), &at, &shows, &wrong)
		}
		if err != nil && at == 0 { // later there may be no descriptor left, and the time passes as before
			panic(err)
		}
		now = time.Unix(0, shows+(time.Now().UnixNano()-at)*` + speedText + `).UTC()
		if now.Before(last) {
			now = last
		}
		last = now
		return now, wrong
	}
	return Clock{
		Now:   func() time.Time { now, _ := date(); return now },
		After: func(d time.Duration) <-chan time.Time { return time.After(d / ` + speedText + `) },
		Wall:  func() time.Time { now, wrong := date(); return now.Add(wrong) },
	}
}
`

// speedText is speed.
const speedText = "20"
