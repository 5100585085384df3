package config

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// checkReach refuses to delete what Graph may still be asked for.
func (l *loader) checkReach(terms map[string]time.Duration, endpoints map[string]Endpoint) {
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		reach := endpoints[name].Reach
		l.checkTerm(name, terms[name], reach)
		if l.known[name].HasDetails {
			l.checkTerm(Details, terms[Details], reach)
		}
	}
}

func (l *loader) checkTerm(name string, term, reach time.Duration) {
	path := join("retention", name)
	if term > 0 && term < reach && !l.faulty[path] {
		l.add(path, "%s is below reach %s, so what is deleted could be read again",
			formatDuration(term), formatDuration(reach))
	}
}

// checkRetention refuses terms that contradict each other.
func (l *loader) checkRetention(terms map[string]time.Duration) {
	for _, name := range slices.Sorted(maps.Keys(l.known)) {
		term, details, rollups := terms[name], terms[Details], terms[Rollups]
		if l.known[name].HasDetails && term > 0 && details > term {
			l.add(join("retention", Details), "%s is above the %s of %s, with which they go",
				formatDuration(details), formatDuration(term), name)
		}
		if rollups > 0 && rollups < term {
			l.add(join("retention", Rollups), "%s is below the %s of %s, whose figures they are",
				formatDuration(rollups), formatDuration(term), name)
			return
		}
	}
}

// checkPersonal refuses to make pseudonyms of what is old without a secret.
func (l *loader) checkPersonal(c *Config) {
	for i, t := range c.Tenants {
		if c.Retention[Personal] > 0 && t.Privacy.KeyFile == "" {
			l.add(fmt.Sprintf("tenants[%d].privacy.key_file", i), "missing, and needed for retention.%s: %s; "+
				"make one with: openssl rand -hex 32 > FILE", Personal, formatDuration(c.Retention[Personal]))
		}
	}
}
