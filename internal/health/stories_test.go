package health_test

import (
	"testing"

	"ingestd/internal/health"
	"ingestd/internal/health/healthtest"
)

// The stories, which the test of the faces plays (cmd/ingestd, TestFaces), know
// every state, flag, level and code.
func TestStoriesAreComplete(t *testing.T) {
	t.Parallel()
	told := map[any]bool{}
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
