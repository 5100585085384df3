package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

// FuzzLoad feeds Load arbitrary files: it must not panic, its errors must be
// lines fit to print, and they must not quote a value. The canary holds a sign
// that no printed key can hold.
func FuzzLoad(f *testing.F) {
	const canary = "hunter@2"
	seeds := []string{
		valid,
		"{url: " + canary + "}",
		canary + ": x",
		"log: {level: " + canary + ", " + canary + ": x}",
		"log: *" + canary,
		"log: &" + canary + " {level: !!int " + canary + "}",
		"log: {<<: [" + canary + "]}",
		"log: {level: |\n " + canary + "\n}\n---\n" + canary + ": [",
		"database: {url: \"postgres://u:" + canary + "@db:x/y?sslmode=" + canary + "\"}",
		"database: {url: \"host=db password='" + canary + "\"}",
		strings.ReplaceAll(valid, "GRAPH_SECRET", canary),
		strings.ReplaceAll(valid, tenantID, canary),
		strings.Replace(valid, "client_secret_env: GRAPH_SECRET", "client_secret_file: "+canary, 1),
		strings.Replace(valid, "endpoints: {}",
			"cloud: custom\n    graph_url: \"https://u:"+canary+"@h/\"\n    ca_file: "+canary, 1),
		strings.Replace(valid, "{}", "{pstn_calls: {enabled: "+canary+", schedule: \""+canary+" * * * *\""+
			", reach: "+canary+", settle: 1d"+canary+", start_from: "+canary+", api: "+canary+"}}", 1),
		strings.Replace(valid, "{}", "{"+canary+": {}}\n    limits: {logs: "+canary+"/20s"+
			", list: 1/"+canary+", record: ["+canary+"]}", 1),
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "config.yaml")

	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, environment{"GRAPH_SECRET": "s"}.get, known)
		if err == nil {
			return
		}
		wrong, ok := errors.AsType[*Error](err)
		if !ok || len(wrong.Faults) == 0 {
			t.Fatalf("not an *Error with faults: %v", err)
		}
		for _, line := range wrong.Faults {
			if strings.Contains(line, canary) {
				t.Errorf("quotes the canary: %s", line)
			}
			if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("not one printable line: %q", line)
			}
		}
	})
}

// A schedule that is taken comes round, at whole minutes, and never stands still.
func FuzzCron(f *testing.F) {
	for _, spec := range []string{
		"*/5 * * * *", "0 0 30 2 *", "TZ=0", "CRON_TZ=Europe/Berlin 0 0 * * *", "@hourly", "0 0 1-5/2 jan sun",
		"*/0 * * * *", "0 0 29 2 0", "60 * * * *", "1,,2 * * * *", "5-1 * * * *",
	} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		schedule, err := parseCron(spec)
		if err != nil {
			return
		}
		now := time.Date(2026, 6, 15, 12, 0, 30, 0, time.UTC)
		for range 3 {
			next := schedule.Next(now)
			if !next.After(now) || next.Second() != 0 {
				t.Fatalf("%q comes round at %v after %v", spec, next, now)
			}
			now = next
		}
	})
}

// Durations, dates and rates that are taken are written so that they are read as the same again.
func FuzzValues(f *testing.F) {
	for _, text := range []string{
		"36h", "7d", "1d12h", "1.5h", "-1s", "99999999999d", "2026-01-31", "1500/20s", "1/0s", "5", "µ",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDuration(text); err == nil {
			if again, err := ParseDuration(formatDuration(d)); err != nil || again != d {
				t.Errorf("%q is %v, written as %q, read as %v: %v", text, d, formatDuration(d), again, err)
			}
		}
		var date time.Time
		if scanDate(&date, text) == nil && date.Format(time.DateOnly) != strings.TrimSpace(text) {
			t.Errorf("%q is %v", text, date)
		}
		var rate, again Rate
		if rate.UnmarshalText([]byte(text)) == nil {
			err := again.UnmarshalText([]byte(rate.String()))
			off := (again.Per - rate.Per).Abs() > time.Microsecond // a float does not have all digits
			if err != nil || off || again.Requests != rate.Requests || rate.Requests <= 0 {
				t.Errorf("%q is %v, read again as %v: %v", text, rate, again, err)
			}
		}
	})
}

// Files of certificates, keys and secrets do not make the program panic, and no error quotes one.
func FuzzKeyFiles(f *testing.F) {
	const canary = "hunter@2"
	for _, file := range []string{
		canary, "-----BEGIN CERTIFICATE-----\naHVudGVyQDI=\n-----END CERTIFICATE-----\n", "0\x80",
		"-----BEGIN PRIVATE KEY-----\naHVudGVyQDI=\n-----END PRIVATE KEY-----\n", "\ufeff" + canary, "\xff\xfeh\x00",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyQDI=\n-----END ENCRYPTED PRIVATE KEY-----\n",
		" " + canary + "\n\n",
	} {
		f.Add([]byte(file))
	}
	path := filepath.Join(f.TempDir(), "secret")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		secret := Secret{file: path}
		_, _, keyErr := Certificate{file: secret}.Read()
		text, err := secret.Read()
		if err == nil && (text == "" || strings.ContainsAny(text, " \r\n\x00\ufeff")) {
			t.Errorf("the secret %q", text)
		}
		for _, err := range []error{keyErr, err} {
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("quotes the canary: %v", err)
			}
		}
	})
}
