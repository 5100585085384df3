package healthtest

import (
	"ingestd/internal/config"
	"ingestd/internal/health"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// facts is a story of configuration, credentials, clock and database.
func facts() Story {
	aside := func(code health.Code) Want {
		return Want{State: health.OnTime, Level: health.ActSoon, Codes: []health.Code{code}, Exit: 3, Fresh: true}
	}
	set := func(sql string, args ...any) func(*scheduletest.World) {
		return func(w *scheduletest.World) { w.Exec(sql, args...) }
	}
	unanswered := func(code health.Code) Want {
		return Want{State: health.Never, Level: health.ActSoon, Codes: []health.Code{code}, Exit: 3}
	}
	return Story{Name: "facts", Config: logs(), Steps: []Step{
		{Name: "read", Do: once, Want: healthy},
		{Name: "switched off", With: func(_ *scheduletest.World, c *config.Config) {
			e := c.Tenants[0].Endpoints["pstn_calls"]
			e.Enabled = false
			c.Tenants[0].Endpoints["pstn_calls"] = e
		}, Want: Want{State: health.Paused, Level: health.Safe, Fresh: true}},
		{Name: "no longer configured", With: func(_ *scheduletest.World, c *config.Config) { c.Tenants = nil },
			Want: Want{State: health.Removed, Level: health.Safe, Fresh: true}},
		{Name: "the credential ends", Do: func(w *scheduletest.World) {
			w.Exec(`UPDATE ingest.tenants SET credential_ends_at = $1`, w.Now().Add(13*day))
		}, Want: aside(health.CredentialEnds)},
		{Name: "the clock is wrong",
			Do:   set(`UPDATE ingest.tenants SET credential_ends_at = NULL, clock_skew_s = -432`),
			Want: aside(health.ClockSkewed)},
		{Name: "the clock is two minutes off", Do: set(`UPDATE ingest.tenants SET clock_skew_s = -120`), Want: healthy},
		{Name: "others can read the secret", Do: set(`UPDATE ingest.tenants SET clock_skew_s = 0`),
			With: expose, Want: Want{
				State: health.OnTime, Level: health.Safe, Codes: []health.Code{health.SecretReadable}, Fresh: true,
			}},
		{Name: "a member without a column", Do: set(`
			INSERT INTO ingest.unknown_members VALUES ('pstn_calls', 'tariff', $1), ('sms_messages', 'mood', $1)`,
			scheduletest.Noon), Want: Want{
			State: health.OnTime, Level: health.Safe, Codes: []health.Code{health.SchemaDrift}, Fresh: true,
		}},
		{Name: "Graph does not notify", Do: set(`
			DELETE FROM ingest.unknown_members;
			INSERT INTO ingest.subscriptions (tenant_id, notification_url, client_state_hash, error)
			SELECT tenant_id, '', '', 'no' FROM ingest.tenants`),
			With: func(_ *scheduletest.World, c *config.Config) {
				c.Notifications.Webhook.PublicURL = "https://ingest.example.com"
			}, Want: aside(health.NotNotified)},
		{Name: "notifications cannot be read", Do: set(`
			UPDATE ingest.subscriptions SET expires_at = $1::timestamptz + '1 day', missed_at = $1`, scheduletest.Noon),
			With: func(_ *scheduletest.World, c *config.Config) {
				c.Notifications.EventHub.Host = "contoso.servicebus.windows.net"
			}, Want: aside(health.NotNotified)},
		{Name: "rollups lag behind", Do: set(`
			INSERT INTO rollup.stale (tenant_id, source, at, noted_at)
			SELECT gen_random_uuid(), 'pstn_calls', '2026-01-01', now() - interval '119 minutes'`), Want: healthy},
		{Name: "rollups stay behind", Do: set(`UPDATE rollup.stale SET noted_at = now() - interval '2 hours'`),
			Want: aside(health.RollupsStale)},
		{Name: "a role without rights", At: func(w *scheduletest.World) string {
			_, url := storetest.Role(w, w.Conn.Config().ConnString(), "")
			return url
		}, Want: unanswered(health.RightsMissing)},
		{Name: "a role without connections", At: func(w *scheduletest.World) string {
			_, url := storetest.Role(w, w.Conn.Config().ConnString(), "CONNECTION LIMIT 0")
			return url
		}, Want: unanswered(health.DatabaseUnfit)},
		{Name: "no database", At: func(*scheduletest.World) string {
			return "postgres://ingestd@127.0.0.1:1/teams"
		}, Want: unanswered(health.DatabaseDown)},
		{Name: "an older schema", Do: set(`UPDATE ingest.schema_version SET version = 1`),
			Want: unanswered(health.SchemaOld)},
		{Name: "a newer schema", Do: set(`UPDATE ingest.schema_version SET version = 99`),
			Want: unanswered(health.SchemaNew)},
	}}
}
