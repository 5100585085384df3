package health_test

import (
	"os/exec"
	"testing"
	"time"

	"ingestd/internal/health"
)

// What is left is rounded down, and what something takes is rounded up.
func TestShortTimesAreRoundedToBeSafe(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for d, want := range map[time.Duration][2]string{
		-time.Hour:                     {"gone", "0 s"},
		0:                              {"0 s", "0 s"},
		59*time.Second + 1:             {"59 s", "1 min"},
		61 * time.Second:               {"1 min", "2 min"},
		119*time.Minute + time.Second:  {"1 h", "2 h"},
		47*time.Hour + 59*time.Minute:  {"47 h", "2 d"},
		48 * time.Hour:                 {"2 d", "2 d"},
		30*day - time.Nanosecond:       {"29 d", "30 d"},
		29*day + time.Millisecond:      {"29 d", "30 d"},
		1500*day + time.Second:         {"1,500 d", "1,501 d"},
		time.Hour - 10*time.Nanosecond: {"59 min", "1 h"},
	} {
		if got := health.Short(d); got != want[0] {
			t.Errorf("%v left: got %q, want %q", d, got, want[0])
		}
		if got := health.ShortUp(d); got != want[1] {
			t.Errorf("%v to wait: got %q, want %q", d, got, want[1])
		}
	}
}

func TestNumbersHaveNouns(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		0: "0 hours", 1: "1 hour", 999: "999 hours", 1000: "1,000 hours", 1234567: "1,234,567 hours",
	} {
		if got := health.Count(n, "hour", "hours"); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

// A command that is told can be pasted into a shell whatever the tenant is called.
func TestACommandIsSafeToPaste(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"contoso": "contoso", "München-2": "München-2", "two words": "'two words'", "$(id)": "'$(id)'",
		"it's; id": `'it'\''s; id'`, "": "''",
	} {
		if got := health.ShellWord(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
		printed, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+health.ShellWord(name)).Output()
		if err != nil || string(printed) != name {
			t.Errorf("%q: a shell takes it for %q (%v)", name, printed, err)
		}
	}
}
