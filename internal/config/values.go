package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// scanner returns the function that parses a text into dst, or nil if dst does
// not hold a single value. Its errors do not quote the text.
func scanner(dst any) func(text string) error {
	switch dst := dst.(type) {
	case *string:
		return func(text string) error { return scanText(dst, text) }
	case *bool:
		return func(text string) error { return scanBool(dst, text) }
	case *int:
		return func(text string) error { return scanInt(dst, text) }
	case *time.Duration:
		return func(text string) error { return scanDuration(dst, text) }
	case *time.Time:
		return func(text string) error { return scanDate(dst, text) }
	case encoding.TextUnmarshaler:
		return func(text string) error { return dst.UnmarshalText([]byte(text)) }
	}
	return nil
}

func scanText(dst *string, text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("must be printable text on one line")
	}
	*dst = text
	return nil
}

func scanBool(dst *bool, text string) error {
	if text != "true" && text != "false" {
		return errors.New("must be true or false")
	}
	*dst = text == "true"
	return nil
}

func scanInt(dst *int, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return errors.New("must be a whole number")
	}
	*dst = n
	return nil
}

const (
	day  = 24 * time.Hour
	year = 365 * day

	maxDuration = 127 * year // what can be configured, in whatever units
)

var (
	errDuration = errors.New("must be a positive duration such as 3y, 365d, 72h or 1h30m")
	errTooLong  = errors.New("is too long; 127y is the most")
)

// scanDuration reads Go's durations, also with days in front (1d12h), or whole
// years (3y). A day is 24 hours, as it is in UTC, and a year 365 days.
func scanDuration(dst *time.Duration, text string) error {
	unit, count, rest := day, "0", text
	if years, ok := strings.CutSuffix(text, "y"); ok {
		unit, count, rest = year, years, "0"
	} else if days, clock, ok := strings.Cut(text, "d"); ok {
		unit, count, rest = day, days, cmp.Or(clock, "0")
	}
	n, err := strconv.ParseUint(count, 10, 64)
	clock, clockErr := time.ParseDuration(rest)
	if clockErr != nil || clock < 0 || err != nil && !errors.Is(err, strconv.ErrRange) {
		return errDuration
	}
	if n > uint64(maxDuration/unit) || time.Duration(n)*unit > maxDuration-clock {
		return errTooLong
	}
	total := time.Duration(n)*unit + clock
	if total == 0 {
		return errDuration
	}
	*dst = total
	return nil
}

// formatDuration writes whole days as 3d and drops the zeros of Go's form.
func formatDuration(d time.Duration) string {
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func scanDate(dst *time.Time, text string) error {
	date, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return errors.New("must be a date such as 2026-01-31")
	}
	*dst = date
	return nil
}

// Rate is a number of requests per span of time, written 1500/20s.
type Rate struct {
	Requests int
	Per      time.Duration
}

// String writes the rate as it is configured.
func (r Rate) String() string {
	return fmt.Sprintf("%d/%ss", r.Requests, strconv.FormatFloat(r.Per.Seconds(), 'f', -1, 64))
}

// UnmarshalText reads a rate; both numbers must be positive.
func (r *Rate) UnmarshalText(text []byte) error {
	count, span, _ := strings.Cut(string(text), "/")
	n, err := strconv.ParseUint(count, 10, 31)
	var per time.Duration
	if err != nil || n == 0 || scanDuration(&per, span) != nil {
		return errors.New("must be requests per duration, both positive, such as 1500/20s")
	}
	*r = Rate{Requests: int(n), Per: per}
	return nil
}

// ParseDuration reads a duration as the configuration writes it, such as 36h or
// 7d.
func ParseDuration(text string) (d time.Duration, err error) {
	err = scanDuration(&d, text)
	return d, err
}
