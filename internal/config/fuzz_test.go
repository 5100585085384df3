package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
