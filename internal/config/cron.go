package config

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

var errCron = errors.New("must be five cron fields: minute, hour, day of month, month, day of week")

// cronFields are the five fields with the values they take.
var cronFields = []struct {
	name, values string
	option       cron.ParseOption
	mask         func(*cron.SpecSchedule) uint64
}{
	{"minute", "0 to 59", cron.Minute, func(s *cron.SpecSchedule) uint64 { return s.Minute }},
	{"hour", "0 to 23", cron.Hour, func(s *cron.SpecSchedule) uint64 { return s.Hour }},
	{"day of month", "1 to 31", cron.Dom, func(s *cron.SpecSchedule) uint64 { return s.Dom }},
	{"month", "1 to 12 or jan to dec", cron.Month, func(s *cron.SpecSchedule) uint64 { return s.Month }},
	{"day of week", "0 (Sunday) to 6 or sun to sat", cron.Dow, func(s *cron.SpecSchedule) uint64 { return s.Dow }},
}

func parseCron(spec string) (cron.Schedule, error) {
	if strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		return nil, errors.New("a time zone is not allowed: schedules are in UTC")
	}
	fields := strings.Fields(spec)
	if len(fields) != len(cronFields) {
		return nil, errCron
	}
	for i, field := range fields {
		if err := checkCronField(i, field); err != nil {
			return nil, fmt.Errorf("%s: %w", cronFields[i].name, err)
		}
	}
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return nil, errCron
	}
	if parsed.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, errors.New("never fires: no such day")
	}
	return parsed, nil
}

// checkCronField refuses a value out of range, and a step that names the first
// value of its range only, which nobody means.
func checkCronField(i int, field string) error {
	for element := range strings.SplitSeq(field, ",") {
		if parseCronField(i, element) == 0 {
			return fmt.Errorf("must be * or %s; lists (1,2), ranges (1-5) and steps (*/5) are allowed",
				cronFields[i].values)
		}
		values, text, stepped := strings.Cut(element, "/")
		if !stepped {
			continue
		}
		mask := parseCronField(i, values+"/1")
		size := bits.Len64(mask) - bits.TrailingZeros64(mask)
		if step, err := strconv.Atoi(text); err != nil || step >= size {
			return fmt.Errorf("a step of %d is not below its range of %d", step, size)
		}
	}
	return nil
}

// parseCronField returns the values that an element of a field stands for, as
// bits, or none for one that is invalid. It recovers because robfig/cron 3.0.1
// panics on some.
func parseCronField(i int, element string) (mask uint64) {
	defer func() {
		if recover() != nil {
			mask = 0
		}
	}()
	parsed, err := cron.NewParser(cronFields[i].option).Parse(element)
	if err != nil {
		return 0
	}
	const star = 1 << 63 // how robfig/cron marks a field of *
	return cronFields[i].mask(parsed.(*cron.SpecSchedule)) &^ star
}
