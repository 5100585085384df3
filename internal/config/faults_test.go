package config

import (
	"strings"
	"testing"
)

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

	for name, test := range map[string]struct{ old, new, want string }{
		// Keys.
		"unknown key":      {pstn, "endpoints:\n      pstn_calls:\n        setle: 72h", "config.yaml:9: tenants[0].endpoints.pstn_calls.setle: unknown key (did you mean settle?)"},
		"nothing near":     {secret, secret + "\n      zebra: 1", "config.yaml:7: tenants[0].auth.zebra: unknown key (known here: client_id, client_secret_env, client_secret_file)"},
		"later credential": {secret, secret + "\n      certificate_file: /c.pem", "config.yaml:7: tenants[0].auth.certificate_file: unknown key (known here: client_id, client_secret_env, client_secret_file)"},
		"unknown endpoint": {pstn, "endpoints: {pstn_call: {}}", "config.yaml:7: tenants[0].endpoints.pstn_call: unknown key (did you mean pstn_calls?)"},
		"unknown section":  {"tenants:", "server: {}\ntenants:", "config.yaml:2: server: unknown key (known here: database, log, tenants)"},
		"value as key":     {pstn, pstn + "\nlog: {hunter2@db: x}", "config.yaml:8: log.?: unknown key (known here: format, level)"},
		"duplicate key":    {pstn, pstn + "\n    cloud: global\n    cloud: global", "config.yaml:9: tenants[0].cloud: given twice, first on line 8"},
		"merge key":        {pstn, pstn + "\n    <<: {cloud: global}", "config.yaml:8: tenants[0].?: merge keys are not allowed"},
		"anchor":           {pstn, pstn + "\n    cloud: &hunter2 global", "config.yaml:8: tenants[0].cloud: anchors and aliases are not allowed (quote a value that begins with & or *)"},
		"unknown alias":    {pstn, pstn + "\n    cloud: *hunter2", "config.yaml:1: not valid YAML near this line: an alias without an anchor (quote a value that begins with *)"},
		"tag":              {pstn, pstn + "\n    cloud: !hunter2 global", "config.yaml:8: tenants[0].cloud: tags are not allowed (quote a value that begins with !)"},

		// Shapes.
		"not YAML":        {pstn, "endpoints: {", "config.yaml:7: not valid YAML near this line: did not find expected node content"},
		"second document": {pstn, pstn + "\n---\nlog: {}", "config.yaml:8: a second document is not allowed"},
		"text for list":   {valid[strings.Index(valid, "tenants:"):], "tenants: x\n", "config.yaml:2: tenants: must be a list (each entry begins with -)"},
		"list for text":   {pstn, pstn + "\n    cloud: [hunter2]", "config.yaml:8: tenants[0].cloud: must be a single value"},
		"text for keys":   {pstn, "endpoints: hunter2", "config.yaml:7: tenants[0].endpoints: must be a mapping (key: value)"},
		"number for text": {pstn, pstn + "\n    name: 7331", "config.yaml:8: tenants[0].name: must be text (put it in quotes)"},
		"control code":    {pstn, pstn + "\n    name: \"a\\nb\"", "config.yaml:8: tenants[0].name: must be printable text on one line"},
		"empty value":     {pstn, pstn + "\n    name:", "config.yaml:8: tenants[0].name: has no value (remove the key to get the default)"},

		// Values.
		"bool":               {pstn, endpoint("enabled: maybe"), "config.yaml:7: tenants[0].endpoints.pstn_calls.enabled: must be true or false"},
		"duration":           {pstn, endpoint("settle: 72"), "config.yaml:7: tenants[0].endpoints.pstn_calls.settle: must be a positive duration such as 365d, 72h or 1h30m"},
		"zero duration":      {pstn, endpoint("reach: 0h"), "config.yaml:7: tenants[0].endpoints.pstn_calls.reach: must be a positive duration such as 365d, 72h or 1h30m"},
		"limit":              {pstn, pstn + "\n    limits: {logs: 0/60s}", "config.yaml:8: tenants[0].limits.logs: must be requests per duration, both positive, such as 1500/20s"},
		"date":               {pstn, endpoint("start_from: 01.02.2026"), "config.yaml:7: tenants[0].endpoints.pstn_calls.start_from: must be a date such as 2026-01-31"},
		"future date":        {pstn, endpoint("start_from: 9999-01-01"), "config.yaml:7: tenants[0].endpoints.pstn_calls.start_from: 9999-01-01 is in the future"},
		"schedule":           {pstn, endpoint(`schedule: "@every 1s"`), "config.yaml:7: tenants[0].endpoints.pstn_calls.schedule: must be five cron fields: minute, hour, day of month, month, day of week"},
		"never fires":        {pstn, endpoint(`schedule: "0 0 30 2 *"`), "config.yaml:7: tenants[0].endpoints.pstn_calls.schedule: never fires: no such day"},
		"schedule in a zone": {pstn, endpoint(`schedule: "TZ=0"`), "config.yaml:7: tenants[0].endpoints.pstn_calls.schedule: a time zone is not allowed: schedules are in UTC"},
		"api":                {pstn, endpoint("api: v2.0"), "config.yaml:7: tenants[0].endpoints.pstn_calls.api: must be v1.0 or beta"},
		"tenant id":          {tenantID, "hunter2", "config.yaml:3: tenants[0].id: must be a GUID such as 00000000-0000-0000-0000-000000000000"},
		"client id":          {clientID, "urn:uuid:" + clientID, "config.yaml:5: tenants[0].auth.client_id: must be a GUID such as 00000000-0000-0000-0000-000000000000"},
		"cloud":              {pstn, pstn + "\n    cloud: china", "config.yaml:8: tenants[0].cloud: must be global or usgov-l4 or usgov-l5 or custom"},
		"log level":          {pstn, pstn + "\nlog: {level: loud}", "config.yaml:8: log.level: must be debug or info or warn or error"},
		"log format":         {pstn, pstn + "\nlog: {format: xml}", "config.yaml:8: log.format: must be json or console"},

		// Missing.
		"no tenant id":  {"id: " + tenantID, "name: x", "config.yaml:3: tenants[0].id: missing (or set INGESTD_TENANT_ID)"},
		"no second id":  {pstn, pstn + "\n  - auth: {client_id: " + clientID + ", client_secret_env: GRAPH_SECRET}", "config.yaml:8: tenants[1].id: missing"},
		"no client id":  {"client_id: " + clientID, "", "config.yaml:4: tenants[0].auth.client_id: missing (or set INGESTD_CLIENT_ID)"},
		"no secret":     {secret, "", "config.yaml:4: tenants[0].auth: exactly one of client_secret_file and client_secret_env is needed, none is given"},
		"both secrets":  {secret, secret + "\n      client_secret_file: /x", "config.yaml:4: tenants[0].auth: exactly one of client_secret_file and client_secret_env is needed, both are given"},
		"unset secret":  {"GRAPH_SECRET", "OTHER", "config.yaml:6: tenants[0].auth.client_secret_env: the environment variable is not set or empty"},
		"absent secret": {secret, "client_secret_file: /hunter2", "config.yaml:6: tenants[0].auth.client_secret_file: the file cannot be read: no such file or directory"},
		"no database":   {`{url: "postgres://ingestd@localhost/teams"}`, "", "config.yaml:1: database.url: missing (or set INGESTD_DATABASE_URL)"},

		// Contradictions.
		"settle above reach":   {pstn, endpoint("reach: 2d, settle: 2d1h30m"), "config.yaml:7: tenants[0].endpoints.pstn_calls.settle: 49h30m is above reach 2d"},
		"default above reach":  {pstn, endpoint("reach: 2d"), "config.yaml:7: tenants[0].endpoints.pstn_calls.settle: 3d is above reach 2d"},
		"reach above Graph's":  {pstn, endpoint("reach: 366d"), "config.yaml:7: tenants[0].endpoints.pstn_calls.reach: 366d is above the 365d Graph keeps"},
		"nothing enabled":      {pstn, "endpoints: {" + strings.Join(off, ", ") + "}", "config.yaml:7: tenants[0].endpoints: none is enabled"},
		"custom key elsewhere": {cloud, "    ca_file: /x\n" + cloud, "config.yaml:4: tenants[0].ca_file: only for cloud custom"},
		"custom without login": {cloud, "    cloud: custom\n    graph_url: https://x\n" + cloud, "config.yaml:3: tenants[0].login_url: missing (cloud custom needs it)"},
		"custom with http":     {cloud, "    cloud: custom\n    login_url: https://x\n    graph_url: http://x\n" + cloud, "config.yaml:6: tenants[0].graph_url: must be https://host or https://host:port, without user, path or query"},
		"custom with path":     {cloud, "    cloud: custom\n    login_url: https://x\n    graph_url: https://x/v1.0\n" + cloud, "config.yaml:6: tenants[0].graph_url: must be https://host or https://host:port, without user, path or query"},
		"custom with user":     {cloud, "    cloud: custom\n    login_url: https://x\n    graph_url: https://u:hunter2@x\n" + cloud, "config.yaml:6: tenants[0].graph_url: must be https://host or https://host:port, without user, path or query"},
		"custom with bad CA":   {cloud, "    cloud: custom\n    login_url: https://x\n    graph_url: https://x\n    ca_file: /dev/null\n" + cloud, "config.yaml:7: tenants[0].ca_file: the file holds no PEM certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(valid, test.old) {
				t.Fatalf("the valid file has no %q", test.old)
			}
			_, err := load(t, strings.Replace(valid, test.old, test.new, 1), environment{"GRAPH_SECRET": "s"})
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
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
	_, err = load(t, "database: {url: 'dbname=teams host=/tmp'}\ntenants:\n"+named+strings.Replace(named, tenantID, clientID, 1), environment{"GRAPH_SECRET": "s"})
	if want := "config.yaml:10: tenants[1].name: the same as that of tenants[0]"; err == nil || err.Error() != want {
		t.Errorf("names: %v", err)
	}
}

func TestAllFaultsAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := load(t, `log: {level: loud, fromat: json}
tenants:
  - cloud: moon
    auth: {client_secret_file: /nowhere}
    endpoints: {pstn_calls: {settle: x, reach: 999d}}
databases: {}
`, nil)
	want := `config.yaml: database.url: missing (or set INGESTD_DATABASE_URL)
config.yaml:1: log.fromat: unknown key (did you mean format?)
config.yaml:1: log.level: must be debug or info or warn or error
config.yaml:3: tenants[0].id: missing (or set INGESTD_TENANT_ID)
config.yaml:3: tenants[0].cloud: must be global or usgov-l4 or usgov-l5 or custom
config.yaml:4: tenants[0].auth.client_id: missing (or set INGESTD_CLIENT_ID)
config.yaml:4: tenants[0].auth.client_secret_file: the file cannot be read: no such file or directory
config.yaml:5: tenants[0].endpoints.pstn_calls.settle: must be a positive duration such as 365d, 72h or 1h30m
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
			"config.yaml: tenants: none is configured (or set INGESTD_TENANT_ID, INGESTD_CLIENT_ID and INGESTD_CLIENT_SECRET_FILE)"},
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
