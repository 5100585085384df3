package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestSecretIsReadAtUse(t *testing.T) {
	t.Parallel()
	path := write(t, "secret", "first\n")
	secret := Secret{file: path, getenv: environment{}.get}
	for _, want := range []string{"first", "second"} {
		if err := os.WriteFile(path, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := secret.Read(); got != want || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}

	env := environment{"S": "first"}
	secret = Secret{env: "S", getenv: env.get}
	env["S"] = "second"
	if got, err := secret.Read(); got != "second" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSecretLosesOneNewline(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"s": "s", "s\n": "s", "s\r\n": "s", "s\n\n": "s\n", " s ": " s "} {
		got, err := Secret{file: write(t, "secret", text)}.readIn(environment{})
		if got != want || err != nil {
			t.Errorf("%q = %q, %v", text, got, err)
		}
	}
}

// readIn reads the secret as if the process had that environment.
func (s Secret) readIn(env environment) (string, error) {
	s.getenv = env.get
	return s.Read()
}

func TestSecretFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path string
		want string
	}{
		"empty":        {write(t, "s", ""), "the secret is empty"},
		"only newline": {write(t, "s", "\n"), "the secret is empty"},
		"absent":       {"/hunter2", "the file cannot be read: no such file or directory"},
		"folder":       {t.TempDir(), "must be a regular file"},
		"too large": {write(t, "s", strings.Repeat("x", maxSecret+1)),
			"the file cannot be read: larger than 64 KiB"},
	} {
		if _, err := (Secret{file: test.path}).readIn(environment{}); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretFileModes(t *testing.T) {
	t.Parallel()
	for mode, good := range map[os.FileMode]struct{ anywhere, mounted bool }{
		0o400: {true, true},
		0o600: {true, true},
		0o640: {true, true},
		0o444: {false, true},
		0o644: {false, true},
		0o660: {false, false},
		0o602: {false, false},
		0o666: {false, false},
	} {
		path := write(t, "secret", "s")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Secret{file: path}.readIn(environment{})
		if (err == nil) != good.anywhere {
			t.Errorf("mode %04o: %v", mode, err)
		}
		want := fmt.Sprintf("other users may write or read the file (mode %04o); run: chmod 600 '%s'", mode, path)
		if err != nil && err.Error() != want {
			t.Errorf("mode %04o: %v", mode, err)
		}
		_, err = Secret{file: path}.readIn(environment{"CREDENTIALS_DIRECTORY": filepath.Dir(path)})
		if (err == nil) != good.mounted {
			t.Errorf("mode %04o, mounted: %v", mode, err)
		}
	}
}

func TestFoldersOfMountedSecrets(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/run/secrets/graph":       true,
		"/var/run/secrets/x/graph": true,
		"/run/credentials/u/graph": true,
		"/run/secrets2/graph":      false,
		"/run/secrets/../graph":    false,
		"graph":                    false,
	} {
		secret := Secret{file: path, getenv: environment{"CREDENTIALS_DIRECTORY": "/run/credentials/u/"}.get}
		if got := secret.mounted(); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestNothingPrintsSecrets prints the whole configuration and its parts in
// every way that people print.
func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	const canary = "hunter2"
	file := write(t, "secret", canary)
	c := mustLoad(t, strings.Replace(valid, "client_secret_env: GRAPH_SECRET", "client_secret_file: "+file, 1),
		environment{"INGESTD_DATABASE_URL": "postgres://u:" + canary + "@localhost/teams"})
	secret, dsn := c.Tenants[0].Auth.ClientSecret, c.Database.URL

	var printed strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		for _, value := range []any{c, *c, secret, &secret, dsn, &dsn, c.Database, c.Tenants} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
	}
	for _, value := range []any{c, secret, dsn, map[string]any{"s": secret, "d": dsn}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		printed.Write(text)
	}
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	log := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&printed), zap.DebugLevel))
	log.Info("test", zap.Any("config", c), zap.Any("secret", secret), zap.Any("dsn", dsn),
		zap.Stringer("stringer", dsn), zap.Reflect("reflect", dsn))
	log.Sugar().Infow("test", "secret", secret, "dsn", dsn)
	log.Sugar().Infof("%v %+v", secret, dsn)

	if strings.Contains(printed.String(), canary) || strings.Contains(printed.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("printed:\n%s", printed.String())
	}
	if strings.Count(printed.String(), masked) < 20 {
		t.Errorf("the mask is hardly seen:\n%s", printed.String())
	}
}
