package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// check fills in what depends on other keys, and refuses what is missing or
// contradicts itself.
func (l *loader) check(c *Config) {
	l.checkDatabase(&c.Database)
	if len(c.Tenants) == 0 {
		l.add("tenants", "none is configured "+
			"(or set INGESTD_TENANT_ID, INGESTD_CLIENT_ID and INGESTD_CLIENT_SECRET_FILE)")
	}
	for i := range c.Tenants {
		l.checkTenant(fmt.Sprintf("tenants[%d]", i), &c.Tenants[i])
	}
	l.checkUnique(c.Tenants)
	for _, t := range c.Tenants {
		l.checkReach(c.Retention, t.Endpoints)
	}
	l.checkRetention(c.Retention)
	l.checkPersonal(c)
	l.checkProxy()
	l.checkNotifications("notifications", &c.Notifications)
	l.checkServer(&c.Server)
	l.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	l.oneOf("log.format", c.Log.Format, "json", "console")
}

func (l *loader) checkTenant(path string, t *Tenant) {
	l.checkGUID(join(path, "id"), &t.ID)
	l.checkName(join(path, "name"), t)
	l.checkCloud(path, t)
	l.checkAuth(join(path, "auth"), &t.Auth)
	l.checkEndpoints(join(path, "endpoints"), t.Endpoints)
	l.checkPrivacy(join(path, "privacy"), &t.Privacy)
}

// longestName is how many characters a tenant's name may have: it leads each row of a
// table.
const longestName = 40

// checkName gives a tenant without a name its id.
func (l *loader) checkName(path string, t *Tenant) {
	switch {
	case t.Name == "":
		t.Name = t.ID
	case utf8.RuneCountInString(t.Name) > longestName:
		l.add(path, "has more than %d characters", longestName)
	case strings.TrimSpace(t.Name) != t.Name:
		l.add(path, "has blanks around it")
	}
}

// checkGUID demands the plain form of a GUID and puts it in lower case, the
// form in which it is compared and stored.
func (l *loader) checkGUID(path string, id *string) {
	if *id == "" {
		l.missing(path)
		return
	}
	parsed, err := uuid.Parse(*id)
	if err != nil || len(*id) != len(uuid.Nil.String()) {
		l.add(path, "must be a GUID such as 00000000-0000-0000-0000-000000000000")
		return
	}
	*id = parsed.String()
}

func (l *loader) checkEndpoints(path string, endpoints map[string]Endpoint) {
	enabled := false
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		enabled = enabled || endpoints[name].Enabled
		l.checkEndpoint(join(path, name), endpoints[name], l.known[name])
	}
	if !enabled {
		l.add(path, "none is enabled")
	}
}

func (l *loader) checkEndpoint(path string, e Endpoint, bounds Bounds) {
	if e.Reach > bounds.Reach {
		l.add(join(path, "reach"), "%s is above the %s Graph keeps",
			formatDuration(e.Reach), formatDuration(bounds.Reach))
	}
	l.checkTicks(path, e)
	if e.StartFrom.After(time.Now()) {
		l.add(join(path, "start_from"), "%s is in the future, today is %s",
			e.StartFrom.Format(time.DateOnly), time.Now().UTC().Format(time.DateOnly))
	}
	l.oneOf(join(path, "api"), e.API, bounds.APIs...)
}

// checkTicks refuses times that leave no tick, or hardly one, at which rows can
// be read once they are settled and before they leave reach.
func (l *loader) checkTicks(path string, e Endpoint) {
	longest := e.Schedule.longest()
	settle, reach := formatDuration(e.Settle), formatDuration(e.Reach)
	switch {
	case e.Settle > e.Reach:
		l.add(join(path, "settle"), "%s is above reach %s", settle, reach)
	case longest > e.Reach/2:
		l.add(join(path, "schedule"), "up to %s between two ticks is more than half of reach %s, "+
			"so records could be gone before they are read", formatDuration(longest), reach)
	case e.Settle+longest > e.Reach:
		l.add(join(path, "settle"), "%s and up to %s between two ticks add up to more than reach %s, "+
			"so records could be gone before they are settled", settle, formatDuration(longest), reach)
	}
}

func (l *loader) checkUnique(tenants []Tenant) {
	ids, names := map[string]int{}, map[string]int{}
	for i, t := range tenants {
		l.once(ids, t.ID, i, "id")
		if t.Name != t.ID {
			l.once(names, t.Name, i, "name")
		}
	}
}

func (l *loader) once(seen map[string]int, value string, i int, key string) {
	if value == "" {
		return
	}
	if first, again := seen[value]; again {
		l.add(fmt.Sprintf("tenants[%d].%s", i, key), "the same as that of tenants[%d]", first)
		return
	}
	seen[value] = i
}

func (l *loader) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		l.add(path, "must be %s", strings.Join(allowed, " or "))
	}
}
