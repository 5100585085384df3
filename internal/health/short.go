package health

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// Short is the time until a deadline where there is little room, rounded down as
// Deadline.
func Short(d time.Duration) string {
	if d < 0 {
		return "gone"
	}
	return shortly(d, 0)
}

// ShortUp is a time to wait where there is little room, rounded up as Remaining.
func ShortUp(d time.Duration) string { return shortly(max(d, 0), 1) }

func shortly(d, up time.Duration) string {
	unit := func(unit time.Duration) int64 { return int64((d + up*(unit-1)) / unit) }
	switch {
	case unit(time.Second) < 60:
		return fmt.Sprintf("%d s", unit(time.Second))
	case unit(time.Minute) < 60:
		return fmt.Sprintf("%d min", unit(time.Minute))
	case unit(time.Hour) < 48:
		return fmt.Sprintf("%d h", unit(time.Hour))
	}
	return Number(unit(day)) + " d"
}

// ShortID names something by its parts, so that it can be named on a command
// line: the first six digits of a SHA-256.
func ShortID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return fmt.Sprintf("%x", sum[:3])
}
