package web

import (
	"testing"
	"time"
)

func TestMoments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		t            time.Time
		moment, date string
	}{
		{on(11, 26, 14, 35), "14:35", "14:35"},
		{on(11, 27, 0, 0), "Fri 00:00", "Fri"},
		{on(11, 24, 11, 40), "Tue 11:40", "Tue"},
		{on(10, 28, 21, 0), "28 Oct 21:00", "28 Oct"},
		{on(11, 26, 0, 0).AddDate(1, 0, 0), "26 Nov 2027", "26 Nov 2027"},
	} {
		if got := moment(tt.t, now); got != tt.moment {
			t.Errorf("%v is %q, want %q", tt.t, got, tt.moment)
		}
		if got := date(tt.t, now); got != tt.date {
			t.Errorf("the day of %v is %q, want %q", tt.t, got, tt.date)
		}
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][][2]string{
		"a calls":               {{"a", "calls"}},
		"calls of both tenants": {{"a", "calls"}, {"b", "calls"}},
		"calls of 3 tenants":    {{"a", "calls"}, {"b", "calls"}, {"c", "calls"}},
		"a calls and 2 more":    {{"a", "calls"}, {"a", "sms"}, {"a", "reports"}},
		"calls and 1 more":      {{"a", "calls"}, {"b", "sms"}},
	} {
		if got := together(names); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
