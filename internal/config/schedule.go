package config

import (
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule is a five-field cron expression in UTC. It is a cron.Schedule.
type Schedule struct {
	spec   string
	parsed cron.Schedule
}

// String is the expression as configured.
func (s Schedule) String() string { return s.spec }

// Next returns the first time after t that the expression names, in UTC
// whatever the zone of t.
func (s Schedule) Next(t time.Time) time.Time { return s.parsed.Next(t.UTC()) }

// longest returns the longest time between two ticks. All days that have ticks
// have them at the same times, so the first of them is walked tick by tick,
// and a leap year day by day.
func (s Schedule) longest() (longest time.Duration) {
	start := time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	first := s.Next(start.Add(-time.Second))
	last := first
	for next := s.Next(last); next.Truncate(day).Equal(first.Truncate(day)); next = s.Next(last) {
		longest = max(longest, next.Sub(last))
		last = next
	}
	span := last.Sub(first) // from the first to the last tick of any day
	for first.Before(start.AddDate(1, 0, 0)) {
		last, first = first.Add(span), s.Next(first.Add(span))
		longest = max(longest, first.Sub(last))
	}
	return longest
}

// UnmarshalText reads an expression and refuses one that never fires.
func (s *Schedule) UnmarshalText(text []byte) error {
	parsed, err := parseCron(string(text))
	if err == nil {
		*s = Schedule{spec: string(text), parsed: parsed}
	}
	return err
}

func everyFiveMinutes() Schedule {
	var s Schedule
	_ = s.UnmarshalText([]byte("*/5 * * * *"))
	return s
}
