package config

import (
	"errors"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"365d":           365 * day,
		"72h":            72 * time.Hour,
		"1h30m":          90 * time.Minute,
		"1d12h":          36 * time.Hour,
		"1.5h":           90 * time.Minute,
		"20s":            20 * time.Second,
		"3y":             1095 * day,
		"127y":           127 * 365 * day,
		"128y":           0,
		"0y":             0,
		"1y6d":           0,
		"":               0,
		"0d":             0,
		"-1d":            0,
		"-1h":            0,
		"1d-1h":          0,
		"d":              0,
		"1.5d":           0,
		"5":              0,
		"1h1d":           0,
		"99999d":         0,
		"106752d":        0,
		"65535d2562047h": 0,
		"46355d":         127 * 365 * day,
		"1112520h":       127 * 365 * day,
	} {
		var got time.Duration
		err := scanDuration(&got, text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestLongestDuration(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"128y", "99999999999999999999y", "46356d", "46355d1ns", "46354d24h1s", "1112520h1s", "1900992h",
		"65535d2562047h", "106752d", "18446744073709551616d",
	} {
		if _, err := ParseDuration(text); !errors.Is(err, errTooLong) {
			t.Errorf("%q: %v, want: %v", text, err, errTooLong)
		}
	}
}

func TestDurationsAreWrittenAsRead(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"365d":   365 * day,
		"3d":     72 * time.Hour,
		"1h30m":  90 * time.Minute,
		"36h":    36 * time.Hour,
		"10s":    10 * time.Second,
		"1h0m5s": time.Hour + 5*time.Second,
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v = %s, want %s", d, got, want)
		}
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Rate{
		"1500/20s":       {1500, 20 * time.Second},
		"50/1m":          {50, time.Minute},
		"3/500ms":        {3, 500 * time.Millisecond},
		"1500":           {},
		"1500/":          {},
		"1500/20":        {},
		"/20s":           {},
		"-1/20s":         {},
		"0/20s":          {},
		"1/0s":           {},
		"1.5/20s":        {},
		"1/2s/3s":        {},
		"99999999999/1s": {},
	} {
		var got Rate
		err := got.UnmarshalText([]byte(text))
		if got != want || (err == nil) != (want.Requests > 0) {
			t.Errorf("%q = %v, %v; want %v", text, got, err, want)
		}
	}
	if got := (Rate{3, 500 * time.Millisecond}).String(); got != "3/0.5s" {
		t.Errorf("written %s", got)
	}
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	for spec, good := range map[string]bool{
		"*/5 * * * *":         true,
		"0 0 29 2 *":          true,
		"15 3 * * mon-fri":    true,
		"0 0 30 2 *":          false,
		"0 0 31 4,6 *":        false,
		", * * * *":           false,
		"* * * *":             false,
		"* * * * * *":         false,
		"@hourly":             false,
		"@every 1h":           false,
		"TZ=0":                false,
		"TZ=UTC * * * * *":    false,
		"CRON_TZ=UTC * * * *": false,
		"61 * * * *":          false,
	} {
		var s Schedule
		if err := s.UnmarshalText([]byte(spec)); (err == nil) != good {
			t.Errorf("%q: %v", spec, err)
		}
	}
}

func TestLongestTimeBetweenTicks(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]time.Duration{
		"* * * * *":        time.Minute,
		"*/5 * * * *":      5 * time.Minute,
		"0 0,20 * * *":     20 * time.Hour,
		"15 3 * * mon-fri": 3 * day,
		"0 6,18 * * sun":   6*day + 12*time.Hour,
		"0 0 31 * *":       61 * day,
		"* * * 1 *":        335*day + time.Minute, // from 31 January of a leap year, 23:59
		"0 0 29 2 *":       1461 * day,
	} {
		var s Schedule
		if err := s.UnmarshalText([]byte(spec)); err != nil {
			t.Fatal(err)
		}
		if got := s.longest(); got != want {
			t.Errorf("%s: %v, want %v", spec, got, want)
		}
	}
}

func TestSchedulesAreUTC(t *testing.T) {
	t.Parallel()
	var daily Schedule
	if err := daily.UnmarshalText([]byte("30 2 * * *")); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 8, 1, 0, 0, 0, time.FixedZone("", -5*3600)) // 06:00 UTC
	got, want := daily.Next(from), time.Date(2026, 3, 9, 2, 30, 0, 0, time.UTC)
	if !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("next = %v, want %v", got, want)
	}
}
