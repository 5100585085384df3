package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ingestd/internal/config"
	"ingestd/internal/health"
)

// config says what was read; what is wrong in it nobody gets to see, as it would
// not have loaded.
func (s *Subject) config() []Finding {
	file, enabled := cmp.Or(s.Config.File, "the environment"), 0
	var list []Finding
	for _, t := range s.Config.Tenants {
		off := switchedOff(t)
		if len(off) > 0 {
			list = append(list, Finding{Area: areaConfig, Tenant: Word(t.Name), Status: Note,
				What: fmt.Sprintf("%s: %s switched off; what Microsoft deletes meanwhile is gone", t.Name,
					strings.Join(off, ", "))})
		}
		list = append(list, privacyOf(t)...)
		enabled += len(t.Endpoints) - len(off)
	}
	list = append(list, exposed("", s.Config.Notifications.EventHub.ConnectionString)...)
	read := fmt.Sprintf("%s: %s, %s", file, health.Count(len(s.Config.Tenants), "tenant", "tenants"),
		health.Count(enabled, "endpoint", "endpoints"))
	return slices.Insert(list, 0, Finding{Area: areaConfig, Status: OK, What: read})
}

// privacyOf says what becomes of a tenant's personal data, and warns of a secret that others can get at.
func privacyOf(t config.Tenant) (list []Finding) {
	if modes := t.Privacy.InForce(); len(modes) > 0 {
		list = append(list, Finding{Area: areaConfig, Tenant: Word(t.Name), Status: Note,
			What: fmt.Sprintf("%s: personal data is stored by %s", t.Name, strings.Join(modes, ", "))})
	}
	return append(list, exposed(t.Name, t.Privacy.Key)...)
}

// exposed warns of a secret that others can get at.
func exposed(tenant string, secret interface{ Exposed() string }) []Finding {
	what, fix, found := strings.Cut(secret.Exposed(), "; run: ")
	if !found {
		return nil
	}
	return []Finding{{Area: areaConfig, Tenant: Word(tenant), Status: Warn,
		Code: Word(health.SecretReadable), What: what, Fix: []string{fix}, First: fix}}
}

func switchedOff(t config.Tenant) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(t.Endpoints)) {
		if !t.Endpoints[name].Enabled {
			names = append(names, name)
		}
	}
	return names
}
