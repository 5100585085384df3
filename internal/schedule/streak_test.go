package schedule

import (
	"net/http"
	"testing"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// TestStreak counts failures of different kinds: only those of one kind tell that every other record would fail.
func TestStreak(t *testing.T) {
	t.Parallel()
	status := func(kind fetch.Kind, status int) error { return &fetch.Error{Kind: kind, Status: status} }
	timeout, denied := status(fetch.Transient, 0), status(fetch.Denied, http.StatusForbidden)
	own, early := status(fetch.Transient, http.StatusInternalServerError), status(fetch.Refused, http.StatusNotFound)
	refused := &store.Error{Kind: store.Broken}
	for name, tt := range map[string]struct {
		errs          []error
		failed, alike int // after the last
	}{
		"one":                      {[]error{timeout}, 1, 1},
		"alike":                    {[]error{timeout, timeout, timeout}, 3, 3},
		"a record's own":           {[]error{own, own, own}, 3, 0},
		"of two kinds":             {[]error{timeout, timeout, denied}, 3, 1},
		"one of their own between": {[]error{refused, refused, own, refused}, 4, 1},
		"not served yet":           {[]error{early, errOlder, errTwoVersions}, 0, 0},
		"not served yet between":   {[]error{timeout, early, timeout}, 2, 2},
		"one stored between":       {[]error{timeout, nil, timeout}, 1, 1},
	} {
		var s streak
		var failed, alike int
		for _, err := range tt.errs {
			if err == nil {
				s.end()
				continue
			}
			failed, alike = s.add(fateOf(err))
		}
		if failed != tt.failed || alike != tt.alike {
			t.Errorf("%s: %d failed and %d alike, want %d and %d", name, failed, alike, tt.failed, tt.alike)
		}
	}
}
