package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// example returns config.example.yaml with some keys commented in and others
// out. An alternative in it is a key behind a # without a space.
func example(t *testing.T, in, out []string) string {
	t.Helper()
	text, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	result := string(text)
	for _, key := range in {
		result = replace(t, result, `(?m)^( *)#`+key+`: `, "${1}"+key+": ")
	}
	for _, key := range out {
		result = replace(t, result, `(?m)^( *)`+key+`: `, "${1}#"+key+": ")
	}
	return result
}

func replace(t *testing.T, text, pattern, with string) string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	if !expression.MatchString(text) {
		t.Fatalf("the example has no %s", pattern)
	}
	return expression.ReplaceAllString(text, with)
}

func TestExampleShowsTheDefaults(t *testing.T) {
	t.Parallel()
	env := environment{"GRAPH_CLIENT_SECRET": "s"}
	shown := mustLoad(t, example(t, []string{"client_secret_env"}, []string{"client_secret_file"}), env)
	least := mustLoad(t, `
database: {url: "postgres://ingestd@localhost:5432/teams"}
tenants:
  - id: "00000000-0000-0000-0000-000000000000"
    name: contoso
    auth: {client_id: "00000000-0000-0000-0000-000000000000", client_secret_env: GRAPH_CLIENT_SECRET}
`, env)

	least.File, shown.File = "", ""
	if diff := cmp.Diff(least, shown, cmp.Transformer("DSN", DSN.Reveal),
		cmp.Comparer(sameSource), cmp.Comparer(sameFiles), cmp.Transformer("Key", Key.Reveal),
		cmp.Transformer("Schedule", Schedule.String)); diff != "" {
		t.Errorf("default (-), shown (+):\n%s", diff)
	}
}

func sameSource(a, b Secret) bool { return a.file == b.file && a.env == b.env }

func sameFiles(a, b Certificate) bool {
	return sameSource(a.file, b.file) && sameSource(a.password, b.password)
}

func TestAlternativesOfExample(t *testing.T) {
	t.Parallel()
	ca, key := write(t, "ca.pem", certificate), write(t, "key", strings.Repeat("k", leastKey)+"\n")
	for name, in := range map[string][]string{
		"secret file":     {"client_secret_file"},
		"certificate":     {"certificate_file"},
		"its password":    {"certificate_file", "certificate_password_file"},
		"federated token": {"federated_token_file"},
		"the machine's":   {"managed_identity"},
		"retention": {
			"client_secret_file", "details", "rollups", "call_records", "pstn_calls", "direct_routing_calls",
			"sms_messages", "pstn_blocked_users_log", "dialout_report",
		},
		"start":         {"client_secret_file", "start_from"},
		"own cloud":     {"client_secret_file", "graph_url", "login_url", "ca_file"},
		"own authority": {"client_secret_file", "ca_file"},
		"pseudonyms":    {"client_secret_file", "key_file"},
		"notifications": {"client_secret_file", "public_url", "listen"},
		"event hub":     {"client_secret_file", "host", "hub", "domain", "connection_string_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := example(t, nil, []string{"client_secret_file"})
			for _, key := range in {
				text = replace(t, text, `(?m)^( *)#`+key+`: `, "${1}"+key+": ")
			}
			text = replace(t, text, "/etc/ingestd/ca.pem", ca)
			text = replace(t, text, "/run/secrets/pseudonyms", key)
			if name == "pseudonyms" {
				text = replace(t, text, "identity: keep", "identity: hmac")
			}
			if name == "own cloud" {
				text = replace(t, text, "cloud: global", "cloud: custom")
			}
			mustLoad(t, text, environment{})
		})
	}
}

func TestExampleHasEveryKey(t *testing.T) {
	t.Parallel()
	text := example(t, nil, nil)
	for _, key := range keys(reflect.TypeFor[Config]()) {
		if !regexp.MustCompile(`(?m)^[ #-]*` + key + `:`).MatchString(text) {
			t.Errorf("the example does not show %s", key)
		}
	}
	if strings.Contains(text, "\t") {
		t.Error("the example holds a tab")
	}
}

// keys lists the yaml tags of a struct and of what it holds.
func keys(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return keys(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var found []string
	for field := range t.Fields() {
		if key := field.Tag.Get("yaml"); key != "" && key != "-" {
			found = append(append(found, key), keys(field.Type)...)
		}
	}
	return found
}

// certificate is a self-signed one for login.example.com.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBjzCCATWgAwIBAgIUcvCH1eJ/rnHnwQ/Hy0B73UqZ5e8wCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRbG9naW4uZXhhbXBsZS5jb20wIBcNMjYxMTIxMTgzMTQwWhgP
MjEyNjEwMjgxODMxNDBaMBwxGjAYBgNVBAMMEWxvZ2luLmV4YW1wbGUuY29tMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQbKv0Hw65WqJ4v5xEeDPFX78DNDjImkg
6A2S3dEK8o0AYVCH4OSP+W/FrzuaKR97oyXWFKbuuGI1oZb9o+luXaNTMFEwHQYD
VR0OBBYEFDI2xoRnaauSeCLHOxY5ekwmi00TMB8GA1UdIwQYMBaAFDI2xoRnaauS
eCLHOxY5ekwmi00TMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIh
AN1nr28LZe5p3ZKYzpIN+8yJOGQwsnc5ps8I0/zsBrmyAiBA9vQWFWOoMWbck9LA
AZta9shjdc+diGHX1G3VjyZxag==
-----END CERTIFICATE-----
`
