package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
)

// secretFile is a key whose file is there only where the configuration is used.
var secretFile = regexp.MustCompile(`((?:client_secret|federated_token)_file:) \S+`)

// TestTheConfigurationsAreValid loads each as the daemon does.
func TestTheConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("of-no-value"), 0o600); err != nil {
		t.Fatal(err)
	}
	var bounds []config.Bounds
	for _, e := range fetch.Endpoints {
		bounds = append(bounds, config.Bounds{Name: e.Name, Reach: e.Reach, Settle: e.Settle, APIs: e.APIs})
	}
	for _, name := range []string{
		"compose/config.yaml", "kubernetes/base/config.yaml", "kubernetes/workload-identity/config.yaml",
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		text := secretFile.ReplaceAllString(read(t, name), "$1 "+secret)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(path, func(string) string { return "" }, bounds); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
