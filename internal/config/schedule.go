package config

import (
	"errors"
	"strings"
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

var errCron = errors.New("must be five cron fields: minute, hour, day of month, month, day of week")

// parseCron recovers because robfig/cron 3.0.1 panics on some expressions.
func parseCron(spec string) (parsed cron.Schedule, err error) {
	defer func() {
		if recover() != nil {
			parsed, err = nil, errCron
		}
	}()
	if strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		return nil, errors.New("a time zone is not allowed: schedules are in UTC")
	}
	if len(strings.Fields(spec)) != 5 {
		return nil, errCron
	}
	parsed, err = cron.ParseStandard(spec)
	if err != nil {
		return nil, errCron
	}
	if parsed.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, errors.New("never fires: no such day")
	}
	return parsed, nil
}
