package fetch

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A leapingClock moves on when somebody waits, and at once by as much as is waited for.
type leapingClock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *leapingClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *leapingClock) advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(max(d, 0))
	return c.time
}

func (c *leapingClock) after(d time.Duration) <-chan time.Time {
	fired := make(chan time.Time, 1)
	fired <- c.advance(d)
	return fired
}

func (c *leapingClock) clock() Clock { return Clock{Now: c.now, After: c.after} }

// date is a Date header.
func date(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

func TestOnlyTheMachinesClockReadsTheTime(t *testing.T) {
	t.Parallel()
	reads := regexp.MustCompile(`\btime\.(Now|Until|Since|Sleep|Tick|After|AfterFunc|NewTimer|NewTicker)\b`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if reads.MatchString(line) && !strings.HasPrefix(line, "var machine = ") {
				t.Errorf("%s reads the machine's clock: %s", name, strings.TrimSpace(line))
			}
		}
	}
}

// Back-off, pauses and the life of a token go by the clock handed in, however fast or slow the machine's is.
func TestHandedInClock(t *testing.T) {
	t.Parallel()
	local := &leapingClock{time: noon}
	tell := func(h http.Header) { h.Set("Date", date(local.now())) }
	entra, answers := &login{header: tell}, new(atomic.Int64)
	c := newTestClientAt(t, local.clock(), entra, func(w http.ResponseWriter, _ *http.Request) {
		tell(w.Header())
		switch answers.Add(1) {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			w.Header().Set("Retry-After", local.now().Add(30*second).Format(http.TimeFormat))
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	began, machineBegan := local.now(), time.Now()
	if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
		t.Fatal(err)
	}
	if passed := local.now().Sub(began); passed < 29*second || passed > 31*second {
		t.Errorf("%v passed by the clock handed in, want about 30s", passed)
	}
	if took := time.Since(machineBegan); took > 15*second {
		t.Errorf("the machine's clock was waited for: %v", took)
	}
	local.advance(59 * time.Minute)
	if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
		t.Fatal(err)
	}
	if n := entra.issued.Load(); n != 2 {
		t.Errorf("%d tokens in an hour by the clock handed in, want 2", n)
	}
}

func TestHalfAClockIsRefused(t *testing.T) {
	t.Parallel()
	for name, clock := range map[string]Clock{
		"no After": {Now: time.Now}, "no Now": {After: time.After}, "Wall alone": {Wall: time.Now},
	} {
		if _, err := clock.orMachine(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
