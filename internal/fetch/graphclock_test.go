package fetch

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func TestGraphClock(t *testing.T) {
	t.Parallel()
	const none = time.Duration(-1 << 62) // no readable Date
	type answer struct {
		after     time.Duration // since the answer before
		date      time.Duration // against the true time
		wall      time.Duration // the local date, against the true time
		cause     error
		believed  time.Duration // afterwards, against the true time; none: unsure
		witnessed bool
	}
	in := func(after, date, wall time.Duration, cause error, believed time.Duration, witnessed bool) answer {
		return answer{after, date, wall, cause, believed, witnessed}
	}
	const minute, hour = time.Minute, time.Hour
	for name, answers := range map[string][]answer{
		"in step":          {in(0, 0, 0, nil, 0, true), in(48*hour, 0, 0, nil, 0, true)},
		"ahead by minutes": {in(0, 5*minute, 0, nil, 5*minute, true)},
		"exactly an hour":  {in(0, 0, 0, nil, 0, true), in(minute, hour, 0, nil, hour, true)},
		"no Date at all":   {in(0, none, 0, nil, none, false)},
		"no Date once":     {in(0, minute, 0, nil, minute, true), in(minute, none, 0, nil, minute, true)},
		"first answer wrong": {
			in(0, 9*hour, 0, ErrClockUnsure, none, false), in(minute, 0, 0, nil, 0, true),
			in(minute, 0, 0, nil, 0, true),
		},
		"one later answer wrong": {
			in(0, 0, 0, nil, 0, true), in(minute, 9*hour, 0, ErrClockJump, none, false), in(minute, 0, 0, nil, 0, true),
		},
		"Graph is wrong for long": {
			in(0, 0, 0, nil, 0, true), in(minute, -3*hour, 0, ErrClockJump, none, false),
			in(5*minute, -3*hour, 0, ErrClockJump, none, false),
			in(5*minute, -3*hour, 0, ErrClockJump, -3*hour, false), in(minute, -3*hour, 0, nil, -3*hour, false),
			in(minute, 0, 0, ErrClockJump, 0, true), in(minute, 0, 0, nil, 0, true),
		},
		"the local date is wrong": {
			in(0, 0, 20*hour, ErrClockUnsure, none, false), in(5*minute, 0, 20*hour, ErrClockUnsure, none, false),
			in(5*minute, 0, 20*hour, nil, 0, false), in(minute, 0, 0, nil, 0, true),
		},
		"the local date is set right": {in(0, 0, 20*hour, ErrClockUnsure, none, false), in(minute, 0, 0, nil, 0, true)},
		"the local date goes wrong":   {in(0, 0, 0, nil, 0, true), in(minute, 0, -20*hour, nil, 0, false)},
		"many answers at once are one": {
			in(0, 9*hour, 0, ErrClockUnsure, none, false), in(0, 9*hour, 0, ErrClockUnsure, none, false),
			in(0, 9*hour, 0, ErrClockUnsure, none, false), in(0, 9*hour, 0, ErrClockUnsure, none, false),
		},
		"two answers do not suffice": {
			in(0, 9*hour, 0, ErrClockUnsure, none, false), in(hour, 9*hour, 0, ErrClockUnsure, none, false),
		},
		"answers that contradict each other": {
			in(0, 9*hour, 0, ErrClockUnsure, none, false), in(5*minute, 5*hour, 0, ErrClockUnsure, none, false),
			in(5*minute, 9*hour, 0, ErrClockUnsure, none, false), in(5*minute, 5*hour, 0, ErrClockUnsure, none, false),
		},
		"small steps do not add up": {
			in(0, 0, 0, nil, 0, true), in(minute, 50*minute, 0, nil, 50*minute, true),
			in(minute, 100*minute, 0, nil, 50*minute, true),
			in(minute, 150*minute, 0, ErrClockJump, none, false),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, truth := new(graphClock), noon
			for i, a := range answers {
				truth = truth.Add(a.after)
				header, wall := date(truth.Add(a.date)), truth.Add(a.wall)
				if a.date == none {
					header = "today"
				}
				served, err := c.observe(header, truth, wall)
				if !errors.Is(err, a.cause) {
					t.Errorf("answer %d: error %v, want %v", i, err, a.cause)
				}
				now, unsure := c.now(truth)
				if a.believed == none {
					if !errors.Is(unsure, ErrClockUnsure) {
						t.Errorf("answer %d: the time is %v, want it unsure", i, now)
					}
					continue
				}
				if want := truth.Add(a.believed); unsure != nil || !now.Equal(want) ||
					err == nil && !served.Equal(want) {
					t.Errorf("answer %d: the time is %v, error %v, served %v; want %v", i, now, unsure, served, want)
				}
				if got := apart(now, wall) <= jump; got != a.witnessed {
					t.Errorf("answer %d: witnessed %v, want %v", i, got, a.witnessed)
				}
			}
		})
	}
}

// excursion is a span in which Graph's Date or the local date is off.
type excursion struct {
	Answers     []time.Duration // between one and the next
	Graph, Wall time.Duration   // off the true time
	Sleep       time.Duration   // of this machine, before
}

func drawExcursion(r *rapid.T) excursion {
	const minute, hour = time.Minute, time.Hour
	off := rapid.SampledFrom([]time.Duration{
		0, 0, 0, 30 * second, 5 * minute, -5 * minute, 45 * minute, -45 * minute, 59 * minute, -59 * minute,
		90 * minute, -90 * minute, 9 * hour, -9 * hour, 200 * day, -200 * day,
	})
	return excursion{
		Answers: rapid.SliceOfN(rapid.Custom(func(r *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(0, 300).Draw(r, "seconds")) * second
		}), 1, 12).Draw(r, "answers"),
		Graph: off.Draw(r, "graph"), Wall: off.Draw(r, "wall"),
		Sleep: rapid.SampledFrom([]time.Duration{0, 0, 0, 7 * hour}).Draw(r, "sleep"),
	}
}

// told is an answer that was given.
type told struct {
	reading
	off time.Duration // from the true time
}

// misled reports whether enough witnesses have told a time that is wrong by an hour: this machine's date together with
// the last answer, or three answers that agree, over some time.
func misled(answers []told, wall time.Duration) bool {
	last := answers[len(answers)-1]
	if last.off.Abs() > jump && (last.off-wall).Abs() <= jump {
		return true
	}
	var agree []told
	for _, a := range answers {
		if a.off.Abs() > jump-witnessedBy && apart(a.at(last.local), last.graph) <= 2*witnessedBy {
			agree = append(agree, a)
		}
	}
	return len(agree) >= witnesses && last.local.Sub(agree[0].local) >= witnessedOver
}

// Whatever Graph's Date and the local date do: the believed time is within an hour of the true one, unless enough
// witnesses said otherwise, and it is right again soon after Graph is.
func TestBelievedTimeIsWitnessed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		excursions := rapid.SliceOfN(rapid.Custom(drawExcursion), 1, 8).Draw(r, "excursions")
		end := excursion{
			Answers: []time.Duration{0, 4 * time.Minute, 3 * time.Minute, 3 * time.Minute},
			Wall:    drawExcursion(r).Wall,
		}
		c, truth, local, fooled := new(graphClock), noon, noon, false
		var answers []told
		for _, e := range append(excursions, end) {
			truth = truth.Add(e.Sleep)
			for _, after := range e.Answers {
				truth, local = truth.Add(after), local.Add(after)
				_, _ = c.observe(date(truth.Add(e.Graph)), local, truth.Add(e.Wall))
				answers = append(answers, told{reading{truth.Add(e.Graph), local}, e.Graph})
				fooled = fooled || misled(answers, e.Wall)
				now, err := c.now(local)
				if off := apart(now, truth); err == nil && off > jump && !fooled {
					r.Fatalf("the time is off by %v, and nobody said so but the last answer", off)
				}
			}
		}
		now, err := c.now(local)
		if err != nil || apart(now, truth) > second {
			r.Fatalf("afterwards the time is %v, error %v; want %v", now, err, truth)
		}
	})
}

// newClockClient has a Graph whose Date is off by what skew holds, and a clock of its own.
func newClockClient(t *testing.T, entra *login) (c *Client, local *leapingClock, skew *atomic.Int64) {
	t.Helper()
	local, skew = &leapingClock{time: noon}, new(atomic.Int64)
	tell := func(h http.Header) { h.Set("Date", date(local.now().Add(time.Duration(skew.Load())))) }
	entra.header = tell
	return newTestClientAt(
		t,
		local.clock(),
		entra,
		func(w http.ResponseWriter, _ *http.Request) { tell(w.Header()) },
	), local, skew
}

func TestNowAsksOnlyWhileUnsure(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"answered": 200, "not found": 404, "denied": 403} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			c := newTestClient(
				t,
				&login{header: func(h http.Header) { h["Date"] = nil }},
				func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					if r.URL.Path != "/v1.0/" || r.Header.Get("Authorization") != "Bearer token-1" {
						t.Errorf("asked %s", r.URL)
					}
					w.WriteHeader(status)
				},
			)
			for range 2 {
				if now, err := c.Now(t.Context()); err != nil || time.Since(now).Abs() > 5*second || !c.Witnessed() {
					t.Errorf("now %v, error %v, witnessed %v", now, err, c.Witnessed())
				}
			}
			if asked.Load() != 1 {
				t.Errorf("asked %d times, want once", asked.Load())
			}
		})
	}
}

// A first answer that is hours off is not believed before further ones agree, and its rows are not used.
func TestNowIsUnsureUntilWitnessesAgree(t *testing.T) {
	t.Parallel()
	c, local, skew := newClockClient(t, new(login))
	skew.Store(int64(9 * time.Hour))
	_, err := c.get(t.Context(), c.to("/v1.0/x"))
	if KindOf(err) != Refused || !errors.Is(err, ErrClockUnsure) || c.Witnessed() {
		t.Fatalf("error %v, want %v", err, ErrClockUnsure)
	}
	for _, want := range []string{stamp(local.now().Add(9 * time.Hour)), stamp(local.now()), "9h0m0s", "NTP", "proxy"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	now, err := c.Now(t.Context())
	if err != nil || !now.Equal(local.now().Add(9*time.Hour)) || c.Witnessed() || c.Skew() != 9*time.Hour {
		t.Errorf("now %v, error %v, witnessed %v, skew %v", now, err, c.Witnessed(), c.Skew())
	}
	skew.Store(0)
	if _, err := c.get(t.Context(), c.to("/v1.0/x")); !errors.Is(err, ErrClockJump) {
		t.Errorf("the clock is set right: error %v, want %v", err, ErrClockJump)
	}
	if now, err := c.Now(t.Context()); err != nil || !now.Equal(local.now()) || !c.Witnessed() {
		t.Errorf("now %v, error %v, witnessed %v", now, err, c.Witnessed())
	}
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

func TestNowWithoutGraph(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, &login{header: func(h http.Header) { h["Date"] = nil }}, raw(nil))
	if _, err := c.Now(t.Context()); KindOf(err) != Transient {
		t.Errorf("error %v, want transient", err)
	}
}

// Entra's answers are witnesses too: the time is known though the secret is wrong.
func TestTokenAnswersTellTheTime(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, &login{token: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"invalid_client","error_codes":[7000215]}`)
	}}, raw(nil))
	if _, err := c.Now(t.Context()); KindOf(err) != Denied {
		t.Errorf("error %v, want denied", err)
	}
	if now, ok := c.clock.carried(time.Now()); !ok || time.Since(now).Abs() > 5*second || !c.Witnessed() {
		t.Errorf("the time is %v, known %v, witnessed %v", now, ok, c.Witnessed())
	}
}

// A jump told by the answer that rejects a token is not lost when the token is renewed.
func TestJumpOfARejectedToken(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	local := &leapingClock{time: noon}
	tell := func(h http.Header) { h.Set("Date", date(local.now())) }
	c := newTestClientAt(t, local.clock(), &login{header: tell}, func(w http.ResponseWriter, _ *http.Request) {
		tell(w.Header())
		if n.Add(1) == 2 {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
		t.Fatal(err)
	}
	c.clock.believed.graph = noon.Add(-2 * time.Hour) // this machine slept
	if _, err := c.get(t.Context(), c.to("/v1.0/x")); !errors.Is(err, ErrClockJump) {
		t.Errorf("error %v, want %v", err, ErrClockJump)
	}
}

// Where a token's answer moves the time, the run that is on must stop as well.
func TestJumpSeenByEntraStopsTheRun(t *testing.T) {
	t.Parallel()
	local := &leapingClock{time: noon}
	wall := new(atomic.Int64)
	clock := local.clock()
	clock.Wall = func() time.Time { return local.now().Add(time.Duration(wall.Load())) }
	tell := func(h http.Header) { h.Set("Date", date(clock.Wall())) }
	c := newTestClientAt(
		t,
		clock,
		&login{header: tell},
		func(w http.ResponseWriter, _ *http.Request) { tell(w.Header()) },
	)
	if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
		t.Fatal(err)
	}
	wall.Store(int64(5 * time.Hour)) // this machine slept
	local.advance(time.Hour)         // and the token expired
	for i, want := range []error{ErrClockJump, nil} {
		if _, err := c.get(t.Context(), c.to("/v1.0/x")); !errors.Is(err, want) {
			t.Errorf("request %d: error %v, want %v", i, err, want)
		}
	}
}

func TestNowWithoutDate(t *testing.T) {
	t.Parallel()
	none := func(h http.Header) { h["Date"] = nil }
	c := newTestClient(t, &login{header: none}, func(w http.ResponseWriter, _ *http.Request) { none(w.Header()) })
	if _, err := c.Now(t.Context()); !errors.Is(err, ErrClockUnsure) {
		t.Errorf("error %v, want %v: the local date alone decides nothing", err, ErrClockUnsure)
	}
}

func TestJumpEndsTheRequest(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("request-id", "r1")
		if n.Add(1) == 2 {
			w.Header().Set("Date", date(time.Now().Add(-2*time.Hour)))
		}
	})
	for i, want := range []Kind{0, Refused, 0} {
		_, err := c.get(t.Context(), c.to("/v1.0/x"))
		if KindOf(err) != want || errors.Is(err, ErrClockJump) != (want == Refused) {
			t.Errorf("request %d: error %v, want kind %v", i, err, want)
		}
	}
}
