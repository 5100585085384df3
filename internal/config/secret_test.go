package config

import (
	"encoding/json"
	"errors"
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
	for _, text := range []string{"s~1", "s~1\n", "s~1\r\n"} {
		got, err := Secret{file: write(t, "secret", text)}.readIn(environment{})
		if got != "s~1" || err != nil {
			t.Errorf("%q = %q, %v", text, got, err)
		}
	}
}

// What editors, shells and web pages leave in a secret is named and not quoted.
func TestSpoiltSecretsAreNamed(t *testing.T) {
	t.Parallel()
	const (
		mark     = "begins with a byte order mark; save it as UTF-8 without one"
		utf16    = "is UTF-16 or binary; save it as plain text (UTF-8)"
		utf8     = "is not UTF-8; save it as plain text (UTF-8)"
		blank    = "has a blank in it, or around it; a secret of Entra's has none"
		quotes   = "has quotes around it; write the secret without them"
		odd      = "has a character that is not printable ASCII; a secret of Entra's has none"
		newlines = "has more than one line; one newline at the end is all that may follow the secret"
	)
	for name, test := range map[string]struct{ text, want string }{
		"byte order mark":   {"\ufeffhunter2", mark},
		"UTF-16":            {"\xff\xfeh\x00u\x00", utf16},
		"UTF-16 without":    {"h\x00u\x00n\x00", utf16},
		"Latin-1":           {"hunter\xfc", utf8},
		"blank before":      {" hunter2", blank},
		"blank after":       {"hunter2 \n", blank},
		"tab inside":        {"hun\tter2", blank},
		"no-break space":    {"hunter2\u00a0", blank},
		"double quotes":     {`"hunter2"`, quotes},
		"single quote":      {`hunter2'`, quotes},
		"zero-width space":  {"hunter2\u200b", odd},
		"two newlines":      {"hunter2\n\n", newlines},
		"a whole .env file": {"A=b\nhunter2\n", newlines},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, "secret", test.text)
			for key, line := range map[string]string{
				"client_secret_file":   "client_secret_file: " + file,
				"federated_token_file": "federated_token_file: " + file,
			} {
				_, err := load(t, strings.Replace(valid, "client_secret_env: GRAPH_SECRET", line, 1), environment{})
				want := "config.yaml:6: tenants[0].auth." + key + ": " + test.want
				if err == nil || err.Error() != want {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			}
		})
	}
}

// A file that is not there yet may be mounted later.
func TestMissingSecretIsNoFault(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"client_secret_file: /absent", "certificate_file: /absent", "federated_token_file: /absent",
		"certificate_file: " + write(t, "c.pem", "") + "\n      certificate_password_file: /absent",
	} {
		c := mustLoad(t, strings.Replace(valid, "client_secret_env: GRAPH_SECRET", line, 1), environment{})
		if _, err := c.Tenants[0].Auth.ClientSecret.Read(); strings.HasPrefix(line, "client_secret") &&
			(err == nil || err.Error() != "the file cannot be read: no such file or directory") {
			t.Errorf("%s: read with error %v", line, err)
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

// Every mode is read; who else can get at the file is said on demand.
func TestExposedSecrets(t *testing.T) {
	t.Parallel()
	for mode, want := range map[os.FileMode]struct{ anywhere, mounted string }{
		0o400: {"", ""},
		0o440: {"", ""},
		0o600: {"", ""},
		0o640: {"", ""},
		0o444: {"read", ""},
		0o644: {"read", ""},
		0o660: {"replace", "replace"},
		0o602: {"replace", "replace"},
		0o666: {"replace", "replace"},
	} {
		path := write(t, "secret", "s")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := (Secret{file: path}).readIn(environment{}); err != nil {
			t.Errorf("mode %04o: %v", mode, err)
		}
		for folder, others := range map[string]string{"": want.anywhere, filepath.Dir(path): want.mounted} {
			text := fmt.Sprintf("other users may %s %s (mode %04o); run: chmod 600 '%[2]s', or mount it with mode 0440",
				others, path, mode)
			if others == "" {
				text = ""
			}
			auth := Auth{ClientSecret: Secret{file: path, getenv: environment{"CREDENTIALS_DIRECTORY": folder}.get}}
			if got := strings.Join(auth.Exposed(), "\n"); got != text {
				t.Errorf("mode %04o, mounted in %q: %q, want %q", mode, folder, got, text)
			}
		}
	}
}

// Kubernetes mounts a secret as a link to ..data/NAME, where ..data is a link to
// a folder that is replaced as a whole.
func TestSecretMountedByKubernetes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	swap := func(version, text string) {
		t.Helper()
		next := filepath.Join(dir, "..data_tmp")
		err := errors.Join(os.Mkdir(filepath.Join(dir, version), 0o755),
			os.WriteFile(filepath.Join(dir, version, "graph"), []byte(text), 0o644),
			os.Symlink(version, next), os.Rename(next, filepath.Join(dir, "..data")))
		if err != nil {
			t.Fatal(err)
		}
	}
	swap("..2026_01", "first")
	path := filepath.Join(dir, "graph")
	if err := os.Symlink("..data/graph", path); err != nil {
		t.Fatal(err)
	}
	secret := Secret{file: path, getenv: environment{}.get}
	if got, err := secret.Read(); got != "first" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	swap("..2026_02", "second")
	if got, err := secret.Read(); got != "second" || err != nil {
		t.Errorf("after the swap: %q, %v", got, err)
	}
	if exposed := secret.Exposed(); exposed != "" {
		t.Errorf("exposed: %s", exposed)
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
