package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A credentialFile is what auth says of a kind of credential, and how its file is made anew.
type credentialFile struct {
	kind string
	auth string // FILE and PASSWORD stand for the files
	next func(*testing.T, *graphsim.Server) []byte
}

var credentialFiles = map[string]credentialFile{
	"secret": {"client_secret", "client_secret_file: FILE", func(_ *testing.T, s *graphsim.Server) []byte {
		secret := fmt.Sprint("simulated~Secret.", time.Now().UnixNano())
		s.SetSecret(secret)
		return []byte(secret + "\n")
	}},
	"PEM": {"certificate", "certificate_file: FILE", func(_ *testing.T, s *graphsim.Server) []byte {
		return s.NewCertificate(time.Now().Add(time.Hour))
	}},
	"PFX": {"certificate", "certificate_file: FILE\n      certificate_password_file: PASSWORD", newPFX},
	"token": {"federated_token", "federated_token_file: FILE", func(_ *testing.T, s *graphsim.Server) []byte {
		return []byte(s.NewFederatedToken(time.Hour))
	}},
}

const pfxPassword = "correct horse"

func newPFX(t *testing.T, s *graphsim.Server) []byte {
	t.Helper()
	first, rest := pem.Decode(s.NewCertificate(time.Now().Add(time.Hour)))
	second, _ := pem.Decode(rest)
	certificate, err := x509.ParseCertificate(first.Bytes)
	key, keyErr := x509.ParsePKCS1PrivateKey(second.Bytes)
	if err := errors.Join(err, keyErr); err != nil {
		t.Fatal(err)
	}
	data, err := pkcs12.Modern.Encode(key, certificate, nil, pfxPassword)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// No row and no request is lost while the credential and the database's password are replaced, those before refused,
// and all connections ended, several times in a run.
func TestCredentialsRotateDuringARun(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"secret", "PFX"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := credentialFiles[name]
			tenant := simulate(t, small)
			owner := storetest.URL(t)
			as, replace := replacedPassword(t, owner)
			dir := workplace(t, as, tenant, "pstn_calls")
			job := file.configure(t, dir, tenant)
			rotate := func() {
				path := filepath.Join(dir, "credential")
				err := errors.Join(os.WriteFile(path+".new", file.next(t, tenant), 0o600), os.Rename(path+".new", path))
				if err != nil {
					t.Error(err)
				}
				tenant.ExpireTokens()
				replace()
			}
			rotate()
			tenant.SetFaults(func(r graphsim.Request) graphsim.Fault {
				if r.Operation == "getPstnCalls" && r.N%15 == 1 {
					rotate()
				}
				return graphsim.Fault{}
			})
			report, err := schedule.Once(t.Context(), job, "once")
			if err != nil {
				t.Fatal(err)
			}
			served := len(callsOf(t, tenant))
			stored := storetest.Query[int](t, storetest.Conn(t, owner), `SELECT count(*) FROM teams.pstn_calls`)
			if report.Failed > 0 || stored != served || served == 0 {
				t.Errorf("%d windows failed, %d of %d rows are stored", report.Failed, stored, served)
			}
			if tokens := tenant.Requests().Answers["token"][200]; tokens < 3 {
				t.Errorf("%d tokens: the credential was hardly replaced during the run", tokens)
			}
			if kind, end := job.Client.Credential(); kind != file.kind || end.IsZero() == (kind == "certificate") {
				t.Errorf("%s until %v", kind, end)
			}
		})
	}
}

// replacedPassword is the URL of a role whose password stands in a file, and what replaces both and ends all of the
// role's connections.
func replacedPassword(t *testing.T, owner string) (as string, replace func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "passfile")
	role, as := storetest.RoleWithPassword(t, owner, "none")
	to := store.Grantee{Role: role, Access: store.Write}
	if _, still, err := storetest.Connect(t, owner).Grant(t.Context(), to); err != nil || len(still) > 0 {
		t.Fatalf("%v, the role lacks %v", err, still)
	}
	conn, n := storetest.Conn(t, owner), 0
	var mu sync.Mutex
	return setting(t, as, "passfile", file), func() {
		mu.Lock()
		defer mu.Unlock()
		n++
		_, err := conn.Exec(t.Context(), fmt.Sprintf(`ALTER ROLE %s PASSWORD 'word%d'`, role, n))
		err = errors.Join(err, os.WriteFile(file+".new", fmt.Appendf(nil, "*:*:*:*:word%d\n", n), 0o600),
			os.Rename(file+".new", file))
		_, ended := conn.Exec(t.Context(),
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1`, role)
		if err := errors.Join(err, ended); err != nil {
			t.Error(err)
		}
	}
}

// configure makes the job for PSTN calls with this kind of credential.
func (f credentialFile) configure(t *testing.T, dir string, tenant *graphsim.Server) *schedule.Job {
	t.Helper()
	path := filepath.Join(dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	password := filepath.Join(dir, "password")
	auth := strings.NewReplacer("FILE", filepath.Join(dir, "credential"), "PASSWORD", password).Replace(f.auth)
	secret := fmt.Sprintf("client_secret_file: %q", filepath.Join(dir, "secret"))
	err = errors.Join(os.WriteFile(password, []byte(pfxPassword+"\n"), 0o600),
		os.WriteFile(path, []byte(strings.Replace(string(text), secret, auth, 1)), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	a, err := openFile(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.db.Close)
	jobs, err := a.jobs()
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs {
		if job.Endpoint.Name == "pstn_calls" {
			return job
		}
	}
	t.Fatal("no job for pstn_calls")
	return nil
}

// A token for Graph's clock is asked for with what the configuration names; no database is needed for that.
func TestCredentialsOfTheConfiguration(t *testing.T) {
	const nowhere = "postgres://localhost/nowhere"
	tenant := simulate(t, small)
	for name, file := range credentialFiles {
		dir := workplace(t, nowhere, tenant, "pstn_calls")
		if err := os.WriteFile(filepath.Join(dir, "credential"), file.next(t, tenant), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := file.configure(t, dir, tenant).Client.Now(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv("IDENTITY_ENDPOINT", tenant.IdentityEndpoint())
	t.Setenv("IDENTITY_HEADER", graphsim.IdentityHeader)
	dir := workplace(t, nowhere, tenant, "pstn_calls")
	job := credentialFile{auth: "managed_identity: true"}.configure(t, dir, tenant)
	if _, err := job.Client.Now(t.Context()); err != nil {
		t.Errorf("managed identity: %v", err)
	}
	if n := tenant.Requests().Answers["appService"][200]; n != 1 {
		t.Errorf("this machine's endpoint gave %d tokens, want 1", n)
	}
}
