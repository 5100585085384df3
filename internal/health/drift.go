package health

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// newFor is how long a member without a column is told of.
const newFor = 30 * day

// drift is the problem that Graph has lately begun to serve members without a
// column; without endpoints if it has not.
func drift(tenants []*tenant, unknown []UnknownMember, now time.Time) *group {
	g := &group{code: SchemaDrift, now: now}
	names := map[string][]string{}
	var evidence []string
	for _, m := range unknown {
		if now.Sub(m.FirstSeenAt) < newFor {
			names[m.Endpoint] = append(names[m.Endpoint], m.Member)
			g.since = Earliest(g.since, &m.FirstSeenAt)
		}
	}
	for _, t := range tenants {
		for _, e := range t.endpoints {
			if names[e.Endpoint.Name] != nil && e.wanted() {
				g.endpoints = append(g.endpoints, e)
			}
		}
	}
	for _, endpoint := range slices.Sorted(maps.Keys(names)) {
		evidence = append(evidence, endpoint+": "+someOf(names[endpoint]))
	}
	g.evidence = strings.Join(evidence, "; ")
	return g
}

// someOf are the first of some names, and how many more there are.
func someOf(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
