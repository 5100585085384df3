package doctor

import (
	"fmt"
	"time"
)

// apart says how far a clock is from another, before the other's name.
func apart(ahead time.Duration) string {
	if ahead < 0 {
		return span(-ahead) + " behind"
	}
	return span(ahead) + " ahead of"
}

// span is how far clocks are apart: 0.4 s, 7 min 12 s or 30 h.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return seconds(d)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h", d/time.Hour)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Abs().Seconds()) }

// bytes is a size with the unit that keeps it short.
func bytes(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// short is the beginning of an id.
func short(id string) string { return id[:min(len(id), 8)] + "…" }
