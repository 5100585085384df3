package health_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ingestd/internal/health"
	"ingestd/internal/health/healthtest"
	"ingestd/internal/schedule/scheduletest"
)

// Each state, flag, level and code is said when it should be.
func TestStories(t *testing.T) {
	t.Parallel()
	healthtest.Play(t, func(t *testing.T, _ *scheduletest.World, s health.Snapshot, want healthtest.Want) {
		e := healthtest.EndpointOf(s)
		got := healthtest.Want{
			State: e.State, Flags: e.Flags, Level: s.Verdict.Level, Exit: s.ExitCode(), Fresh: s.IsFresh(),
		}
		for _, p := range s.Problems {
			got.Codes = append(got.Codes, p.Code)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		v := s.Verdict
		t.Logf("%s\n%s\n%v\nalso: %s\nfirst loss %v", v.Heading, v.Why, v.Steps, v.Also, v.FirstLossAt)
	})
}

// The stories know every state, flag, level and code but for members without a
// column.
func TestStoriesAreComplete(t *testing.T) {
	t.Parallel()
	told := map[any]bool{health.SchemaDrift: true}
	for _, story := range healthtest.Stories() {
		for _, step := range story.Steps {
			told[step.State], told[step.Level] = true, true
			for _, flag := range step.Flags {
				told[flag] = true
			}
			for _, code := range step.Codes {
				told[code] = true
			}
		}
	}
	for _, word := range health.Words() {
		if !told[word] {
			t.Errorf("no story tells of %v", word)
		}
	}
}
