package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const oneCredential = "exactly one of client_secret_file, client_secret_env, certificate_file, " +
	"federated_token_file and managed_identity is needed, "

// TestFaults replaces part of a valid file and expects the exact message.
func TestFaults(t *testing.T) {
	t.Parallel()
	const pstn = "endpoints: {}"
	endpoint := func(keys string) string { return "endpoints: {pstn_calls: {" + keys + "}}" }
	var off []string
	for _, b := range known {
		off = append(off, b.Name+": {enabled: false}")
	}
	const secret = "client_secret_env: GRAPH_SECRET"
	const cloud = "    auth:"
	short := write(t, "key", strings.Repeat("hunter2", 4)+"\n")

	for _, test := range []struct {
		name, old, new string // what is replaced, and with what
		line           int
		key, text      string
	}{
		// Keys.
		{name: "unknown key", old: pstn, new: "endpoints:\n      pstn_calls:\n        setle: 72h",
			line: 9, key: "tenants[0].endpoints.pstn_calls.setle", text: "unknown key (did you mean settle?)"},
		{name: "nothing near", old: secret, new: secret + "\n      zebra: 1",
			line: 7, key: "tenants[0].auth.zebra",
			text: "unknown key (known here: certificate_file, certificate_password_file, client_id, " +
				"client_secret_env, client_secret_file, federated_token_file, managed_identity)"},
		{name: "unknown endpoint", old: pstn, new: "endpoints: {pstn_call: {}}",
			line: 7, key: "tenants[0].endpoints.pstn_call", text: "unknown key (did you mean pstn_calls?)"},
		{name: "unknown section", old: "tenants:", new: "service: {}\ntenants:",
			line: 2, key: "service",
			text: "unknown key (known here: database, log, notifications, retention, server, tenants)"},
		{name: "value as key", old: pstn, new: pstn + "\nlog: {hunter2@db: x}",
			line: 8, key: "log.?", text: "unknown key (known here: format, level)"},
		{name: "duplicate key", old: pstn, new: pstn + "\n    cloud: global\n    cloud: global",
			line: 9, key: "tenants[0].cloud", text: "given twice, first on line 8"},
		{name: "merge key", old: pstn, new: pstn + "\n    <<: {cloud: global}",
			line: 8, key: "tenants[0].?", text: "merge keys are not allowed"},
		{name: "anchor", old: pstn, new: pstn + "\n    cloud: &hunter2 global",
			line: 8, key: "tenants[0].cloud",
			text: "anchors and aliases are not allowed (quote a value that begins with & or *)"},
		{name: "unknown alias", old: pstn, new: pstn + "\n    cloud: *hunter2",
			line: 8,
			text: "not valid YAML near this line: an alias without an anchor (quote a value that begins with *)"},
		{name: "tag", old: pstn, new: pstn + "\n    cloud: !hunter2 global",
			line: 8, key: "tenants[0].cloud", text: "tags are not allowed (quote a value that begins with !)"},

		// Shapes.
		{name: "not YAML", old: pstn, new: "endpoints: {",
			line: 8, text: "not valid YAML near this line: did not find expected node content"},
		{name: "second document", old: pstn, new: pstn + "\n---\nlog: {}",
			line: 8, text: "a second document is not allowed"},
		{name: "text for list", old: valid[strings.Index(valid, "tenants:"):], new: "tenants: x\n",
			line: 2, key: "tenants", text: "must be a list (each entry begins with -)"},
		{name: "list for text", old: pstn, new: pstn + "\n    cloud: [hunter2]",
			line: 8, key: "tenants[0].cloud", text: "must be a single value"},
		{name: "text for keys", old: pstn, new: "endpoints: hunter2",
			line: 7, key: "tenants[0].endpoints", text: "must be a mapping (key: value)"},
		{name: "number for text", old: pstn, new: pstn + "\n    name: 7331",
			line: 8, key: "tenants[0].name", text: "must be text (put it in quotes)"},
		{name: "control code", old: pstn, new: pstn + "\n    name: \"a\\nb\"",
			line: 8, key: "tenants[0].name", text: "must be printable text on one line"},
		{name: "long name", old: pstn, new: pstn + "\n    name: " + strings.Repeat("ü", 41),
			line: 8, key: "tenants[0].name", text: "has more than 40 characters"},
		{name: "blanks", old: pstn, new: pstn + "\n    name: ' contoso'",
			line: 8, key: "tenants[0].name", text: "has blanks around it"},
		{name: "empty value", old: pstn, new: pstn + "\n    name:",
			line: 8, key: "tenants[0].name", text: "has no value (remove the key to get the default)"},

		// Values.
		{name: "bool", old: pstn, new: endpoint("enabled: maybe"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.enabled", text: "must be true or false"},
		{name: "duration", old: pstn, new: endpoint("settle: 72"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.settle",
			text: "must be a positive duration such as 3y, 365d, 72h or 1h30m"},
		{name: "zero duration", old: pstn, new: endpoint("reach: 0h"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.reach",
			text: "must be a positive duration such as 3y, 365d, 72h or 1h30m"},
		{name: "limit", old: pstn, new: pstn + "\n    limits: {logs: 0/60s}",
			line: 8, key: "tenants[0].limits.logs",
			text: "must be requests per duration, both positive, such as 1500/20s"},
		{name: "date", old: pstn, new: endpoint("start_from: 01.02.2026"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.start_from", text: "must be a date such as 2026-01-31"},
		{name: "future date", old: pstn, new: endpoint("start_from: 9999-01-01"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.start_from",
			text: "9999-01-01 is in the future, today is " + time.Now().UTC().Format(time.DateOnly)},
		{name: "schedule", old: pstn, new: endpoint(`schedule: "@every 1s"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "must be five cron fields: minute, hour, day of month, month, day of week"},
		{name: "minute out of range", old: pstn, new: endpoint(`schedule: "61 * * * *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "minute: must be * or 0 to 59; lists (1,2), ranges (1-5) and steps (*/5) are allowed"},
		{name: "hour out of range", old: pstn, new: endpoint(`schedule: "0 24 * * *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "hour: must be * or 0 to 23; lists (1,2), ranges (1-5) and steps (*/5) are allowed"},
		{name: "day of month out of range", old: pstn, new: endpoint(`schedule: "0 0 1,0 * *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "day of month: must be * or 1 to 31; lists (1,2), ranges (1-5) and steps (*/5) are allowed"},
		{name: "month out of range", old: pstn, new: endpoint(`schedule: "0 0 1 13 *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "month: must be * or 1 to 12 or jan to dec; lists (1,2), ranges (1-5) and steps (*/5) are allowed"},
		{name: "day of week out of range", old: pstn, new: endpoint(`schedule: "0 0 * * 7"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "day of week: must be * or 0 (Sunday) to 6 or sun to sat; " +
				"lists (1,2), ranges (1-5) and steps (*/5) are allowed"},
		{name: "value that is none", old: pstn, new: endpoint(`schedule: "hunter2 * * * *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "minute: must be * or 0 to 59; lists (1,2), ranges (1-5) and steps (*/5) are allowed"},
		{name: "step above its range", old: pstn, new: endpoint(`schedule: "*/90 * * * *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "minute: a step of 90 is not below its range of 60"},
		{name: "step as long as its range", old: pstn, new: endpoint(`schedule: "0 0,8-12/5 * * *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "hour: a step of 5 is not below its range of 5"},
		{name: "never fires", old: pstn, new: endpoint(`schedule: "0 0 30 2 *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule", text: "never fires: no such day"},
		{name: "schedule in a zone", old: pstn, new: endpoint(`schedule: "TZ=0"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "a time zone is not allowed: schedules are in UTC"},
		{name: "api", old: pstn, new: endpoint("api: v2.0"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.api", text: "must be v1.0 or beta"},
		{name: "tenant id", old: tenantID, new: "hunter2",
			line: 3, key: "tenants[0].id", text: "must be a GUID such as 00000000-0000-0000-0000-000000000000"},
		{name: "client id", old: clientID, new: "urn:uuid:" + clientID,
			line: 5, key: "tenants[0].auth.client_id",
			text: "must be a GUID such as 00000000-0000-0000-0000-000000000000"},
		{name: "cloud", old: pstn, new: pstn + "\n    cloud: moon",
			line: 8, key: "tenants[0].cloud", text: "must be global or usgov-l4 or usgov-l5 or custom"},
		{name: "cloud without records", old: pstn, new: pstn + "\n    cloud: china",
			line: 8, key: "tenants[0].cloud",
			text: "Microsoft offers neither call records nor the logs in its Chinese cloud (21Vianet)"},
		{name: "mode of another class", old: pstn, new: pstn + "\n    privacy: {numbers: truncate}",
			line: 8, key: "tenants[0].privacy.numbers", text: "must be keep or mask or hmac or drop"},
		{name: "mode of identities", old: pstn, new: pstn + "\n    privacy: {identity: mask}",
			line: 8, key: "tenants[0].privacy.identity", text: "must be keep or hmac or drop"},
		{name: "no key", old: pstn, new: pstn + "\n    privacy: {identity: hmac, free_text: drop}",
			line: 8, key: "tenants[0].privacy.key_file", text: "missing, and needed for identity: hmac and " +
				"free_text: drop; make one with: openssl rand -hex 32 > FILE"},
		{name: "key that is too short", old: pstn, new: pstn + "\n    privacy: {key_file: " + short + "}",
			line: 8, key: "tenants[0].privacy.key_file",
			text: "the file holds fewer than 32 bytes; make one with: openssl rand -hex 32 > FILE"},
		{name: "key that is no file", old: pstn, new: pstn + "\n    privacy: {key_file: /}",
			line: 8, key: "tenants[0].privacy.key_file", text: "must be a regular file"},
		{name: "listen", old: pstn, new: pstn + "\nserver: {listen: localhost}",
			line: 8, key: "server.listen", text: "must be a host and a port such as 127.0.0.1:8080, or none"},
		{name: "host", old: pstn, new: pstn + "\nserver: {hosts: [\"https://me\"]}",
			line: 8, key: "server.hosts[0]", text: "must be a name such as ingest.example.com, without scheme or port"},
		{name: "notifications without an address", old: pstn,
			new:  pstn + "\nnotifications: {webhook: {listen: ':1'}}",
			line: 8, key: "notifications.webhook.public_url",
			text: "missing: the address that Graph sends notifications to"},
		{name: "notifications in the clear", old: pstn,
			new:  pstn + "\nnotifications: {webhook: {public_url: 'http://me', listen: ':1'}}",
			line: 8, key: "notifications.webhook.public_url",
			text: "must be https, a host and perhaps a path, such as https://ingest.example.com/notifications"},
		{name: "notifications nowhere", old: pstn,
			new:  pstn + "\nnotifications: {webhook: {public_url: 'https://me'}}",
			line: 8, key: "notifications.webhook.listen", text: "must be a host and a port such as 0.0.0.0:8443"},
		{name: "half a certificate", old: pstn,
			new:  pstn + "\nnotifications: {webhook: {public_url: 'https://me', listen: ':1', tls_key_file: /}}",
			line: 8, key: "notifications.webhook",
			text: "tls_certificate_file and tls_key_file belong together; leave out both where a proxy ends TLS"},
		{name: "two ways of notifications", old: pstn,
			new: pstn + "\nnotifications: {webhook: {public_url: 'https://me', listen: ':1'}, " +
				"event_hub: {host: n, hub: h, domain: d}}",
			line: 8, key: "notifications",
			text: "give webhook or event_hub, not both: Graph allows an app one subscription"},
		{name: "hub without a namespace", old: pstn, new: pstn + "\nnotifications: {event_hub: {hub: h}}",
			line: 8, key: "notifications.event_hub.host",
			text: "missing: the namespace, such as contoso.servicebus.windows.net"},
		{name: "namespace with a scheme", old: pstn,
			new:  pstn + "\nnotifications: {event_hub: {host: 'https://n', hub: h, domain: d}}",
			line: 8, key: "notifications.event_hub.host",
			text: "must be a host such as contoso.servicebus.windows.net, without scheme"},
		{name: "no domain", old: pstn, new: pstn + "\nnotifications: {event_hub: {host: n, hub: h}}",
			line: 8, key: "notifications.event_hub.domain",
			text: "must be a domain of the Entra tenant that the namespace belongs to, such as contoso.com"},
		{name: "no connection string", old: pstn,
			new: pstn + "\nnotifications: {event_hub: {host: n, hub: h, domain: d, " +
				"connection_string_file: " + short + "}}",
			line: 8, key: "notifications.event_hub.connection_string_file",
			text: "holds no connection string: Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…"},
		{name: "log level", old: pstn, new: pstn + "\nlog: {level: loud}",
			line: 8, key: "log.level", text: "must be debug or info or warn or error"},
		{name: "log format", old: pstn, new: pstn + "\nlog: {format: xml}",
			line: 8, key: "log.format", text: "must be json or console"},

		// Missing.
		{name: "no tenant id", old: "id: " + tenantID, new: "name: x",
			line: 3, key: "tenants[0].id", text: "missing (or set INGESTD_TENANT_ID)"},
		{name: "no second id", old: pstn,
			new:  pstn + "\n  - auth: {client_id: " + clientID + ", client_secret_env: GRAPH_SECRET}",
			line: 8, key: "tenants[1].id", text: "missing"},
		{name: "no client id", old: "client_id: " + clientID, new: "",
			line: 4, key: "tenants[0].auth.client_id", text: "missing (or set INGESTD_CLIENT_ID)"},
		{name: "no secret", old: secret, new: "",
			line: 4, key: "tenants[0].auth",
			text: oneCredential + "none is given"},
		{name: "two secrets", old: secret, new: secret + "\n      client_secret_file: /x",
			line: 4, key: "tenants[0].auth",
			text: oneCredential + "client_secret_file and client_secret_env are given"},
		{name: "secret and identity", old: secret, new: secret + "\n      managed_identity: true",
			line: 4, key: "tenants[0].auth",
			text: oneCredential + "client_secret_env and managed_identity are given"},
		{name: "identity by half", old: secret, new: "managed_identity: yes",
			line: 6, key: "tenants[0].auth.managed_identity", text: "must be true or false"},
		{name: "password alone", old: secret, new: secret + "\n      certificate_password_file: /x",
			line: 7, key: "tenants[0].auth.certificate_password_file", text: "only with certificate_file"},
		{name: "no certificate", old: secret, new: "certificate_file: /dev/null",
			line: 6, key: "tenants[0].auth.certificate_file", text: "must be a regular file"},
		{name: "token that is a folder", old: secret, new: "federated_token_file: /",
			line: 6, key: "tenants[0].auth.federated_token_file", text: "must be a regular file"},
		{name: "unset secret", old: "GRAPH_SECRET", new: "OTHER",
			line: 6, key: "tenants[0].auth.client_secret_env", text: "the environment variable is not set or empty"},
		{name: "secret behind a file", old: secret, new: "client_secret_file: /dev/null/hunter2",
			line: 6, key: "tenants[0].auth.client_secret_file", text: "the file cannot be read: not a directory"},
		{name: "no database", old: `{url: "postgres://ingestd@localhost/teams"}`, new: "",
			line: 1, key: "database.url", text: "missing (or set INGESTD_DATABASE_URL)"},

		// Contradictions.
		{name: "settle above reach", old: pstn, new: endpoint("reach: 2d, settle: 2d1h30m"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.settle", text: "49h30m is above reach 2d"},
		{name: "default above reach", old: pstn, new: endpoint("reach: 2d"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.settle", text: "3d is above reach 2d"},
		{name: "ticks too far apart", old: pstn, new: endpoint(`schedule: "0 0 1 * *", reach: 60d`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "up to 31d between two ticks is more than half of reach 60d, " +
				"so records could be gone before they are read"},
		{name: "yearly ticks", old: pstn, new: endpoint(`schedule: "0 0 29 2 *"`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.schedule",
			text: "up to 1461d between two ticks is more than half of reach 365d, " +
				"so records could be gone before they are read"},
		{name: "no tick after settle", old: pstn, new: endpoint(`schedule: "0 0 * * 1", reach: 14d, settle: 7d1h`),
			line: 7, key: "tenants[0].endpoints.pstn_calls.settle",
			text: "169h and up to 7d between two ticks add up to more than reach 14d, " +
				"so records could be gone before they are settled"},
		{name: "reach above Graph's", old: pstn, new: endpoint("reach: 366d"),
			line: 7, key: "tenants[0].endpoints.pstn_calls.reach", text: "366d is above the 365d Graph keeps"},
		{name: "term below reach", old: pstn, new: pstn + "\nretention: {pstn_calls: 364d}",
			line: 8, key: "retention.pstn_calls",
			text: "364d is below reach 365d, so what is deleted could be read again"},
		{name: "details below reach", old: pstn, new: pstn + "\nretention: {details: 29d}",
			line: 8, key: "retention.details", text: "29d is below reach 30d, so what is deleted could be read again"},
		{name: "details above their calls", old: pstn, new: pstn + "\nretention: {call_records: 60d, details: 61d}",
			line: 8, key: "retention.details", text: "61d is above the 60d of call_records, with which they go"},
		{name: "term of ages", old: pstn, new: pstn + "\nretention: {pstn_calls: 300y}",
			line: 8, key: "retention.pstn_calls", text: "is too long; 127y is the most"},
		{name: "rollups below rows", old: pstn, new: pstn + "\nretention: {pstn_calls: 3y, rollups: 2y}",
			line: 8, key: "retention.rollups", text: "730d is below the 1095d of pstn_calls, whose figures they are"},
		{name: "term of personal data without a secret", old: pstn, new: pstn + "\nretention: {personal: 90d}",
			line: 3, key: "tenants[0].privacy.key_file", text: "missing, and needed for retention.personal: 90d; " +
				"make one with: openssl rand -hex 32 > FILE"},
		{name: "term of nothing", old: pstn, new: pstn + "\nretention: {call_record: 3y}",
			line: 8, key: "retention.call_record", text: "unknown key (did you mean call_records?)"},
		{name: "nothing enabled", old: pstn, new: "endpoints: {" + strings.Join(off, ", ") + "}",
			line: 7, key: "tenants[0].endpoints", text: "none is enabled"},
		{name: "custom key elsewhere", old: cloud, new: "    graph_url: https://x\n" + cloud,
			line: 4, key: "tenants[0].graph_url", text: "only for cloud custom"},
		{name: "bad CA", old: cloud, new: "    ca_file: /dev/null\n" + cloud,
			line: 4, key: "tenants[0].ca_file", text: "the file holds no PEM certificate"},
		{name: "custom without login", old: cloud, new: "    cloud: custom\n    graph_url: https://x\n" + cloud,
			line: 3, key: "tenants[0].login_url", text: "missing (cloud custom needs it)"},
		{name: "custom with http", old: cloud,
			new:  "    cloud: custom\n    login_url: https://x\n    graph_url: http://x\n" + cloud,
			line: 6, key: "tenants[0].graph_url",
			text: "must be https://host or https://host:port, without user, path or query"},
		{name: "custom with path", old: cloud,
			new:  "    cloud: custom\n    login_url: https://x\n    graph_url: https://x/v1.0\n" + cloud,
			line: 6, key: "tenants[0].graph_url",
			text: "must be https://host or https://host:port, without user, path or query"},
		{name: "custom with user", old: cloud,
			new:  "    cloud: custom\n    login_url: https://x\n    graph_url: https://u:hunter2@x\n" + cloud,
			line: 6, key: "tenants[0].graph_url",
			text: "must be https://host or https://host:port, without user, path or query"},
		{name: "custom with bad CA", old: cloud,
			new: "    cloud: custom\n    login_url: https://x\n    graph_url: https://x\n" +
				"    ca_file: /dev/null\n" + cloud,
			line: 7, key: "tenants[0].ca_file", text: "the file holds no PEM certificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(valid, test.old) {
				t.Fatalf("the valid file has no %q", test.old)
			}
			want := fmt.Sprintf("config.yaml:%d: %s: %s", test.line, test.key, test.text)
			want = strings.Replace(want, ": : ", ": ", 1) // without a key
			_, err := load(t, strings.Replace(valid, test.old, test.new, 1), environment{"GRAPH_SECRET": "s"})
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestTenantsAreUnique(t *testing.T) {
	t.Parallel()
	entry := valid[strings.Index(valid, "  - id"):]
	named := strings.Replace(entry, "    auth:", "    name: contoso\n    auth:", 1)

	_, err := load(t, valid+entry, environment{"GRAPH_SECRET": "s"})
	if want := "config.yaml:8: tenants[1].id: the same as that of tenants[0]"; err == nil || err.Error() != want {
		t.Errorf("ids: %v", err)
	}
	both := named + strings.Replace(named, tenantID, clientID, 1)
	_, err = load(t, "database: {url: 'dbname=teams host=/tmp'}\ntenants:\n"+both, environment{"GRAPH_SECRET": "s"})
	if want := "config.yaml:10: tenants[1].name: the same as that of tenants[0]"; err == nil || err.Error() != want {
		t.Errorf("names: %v", err)
	}
}

func TestAllFaultsAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := load(t, `log: {level: loud, fromat: json}
tenants:
  - cloud: moon
    auth: {client_secret_file: /}
    endpoints: {pstn_calls: {settle: x, reach: 999d}}
databases: {}
`, nil)
	want := `config.yaml: database.url: missing (or set INGESTD_DATABASE_URL)
config.yaml:1: log.fromat: unknown key (did you mean format?)
config.yaml:1: log.level: must be debug or info or warn or error
config.yaml:3: tenants[0].id: missing (or set INGESTD_TENANT_ID)
config.yaml:3: tenants[0].cloud: must be global or usgov-l4 or usgov-l5 or custom
config.yaml:4: tenants[0].auth.client_id: missing (or set INGESTD_CLIENT_ID)
config.yaml:4: tenants[0].auth.client_secret_file: must be a regular file
config.yaml:5: tenants[0].endpoints.pstn_calls.settle: must be a positive duration such as 3y, 365d, 72h or 1h30m
config.yaml:5: tenants[0].endpoints.pstn_calls.reach: 999d is above the 365d Graph keeps
config.yaml:6: databases: unknown key (did you mean database?)`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestFileOfFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"empty": {"", "config.yaml: database.url: missing (or set INGESTD_DATABASE_URL)\n" +
			"config.yaml: tenants: none is configured " +
			"(or set INGESTD_TENANT_ID, INGESTD_CLIENT_ID and INGESTD_CLIENT_SECRET_FILE)"},
		"too large":  {"#" + strings.Repeat("x", maxFile), "config.yaml: cannot be read: larger than 1024 KiB"},
		"not a file": {"hunter2", "config.yaml: must be a mapping (key: value)"},
		"binary":     {"\x00\xff", "config.yaml:1: not valid YAML near this line: control characters are not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.text, nil)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
