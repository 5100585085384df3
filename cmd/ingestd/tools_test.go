package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// A reading is a database that all of a tenant was read into, and that nobody writes
// to.
type reading struct {
	url, dir string
}

func newReading(t *testing.T) *reading {
	t.Helper()
	storetest.Tools(t)
	r := &reading{url: storetest.URL(t)}
	tenant := simulate(t, graphsim.Config{Seed: 1, Users: 40, CallsPerDay: 60, RecordsPerDay: 20,
		History: 20 * 24 * time.Hour})
	r.dir = workplace(t, r.url, tenant, "call_records")
	file := filepath.Join(r.dir, "config.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("enabled: false"), []byte("enabled: true"))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	launch(t, r.dir, "once").exits(t, patience, exitOK)
	return r
}

// reader is a program of those that read what is exported; tool, any that .ci/install
// fetches. It need not be there.
func reader(t testing.TB, program string) string { return tool(t, "readers/bin/"+program) }

func tool(t testing.TB, path string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../.tools", path))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// export runs a verb of export, and returns what it prints.
func (r *reading) export(t *testing.T, env []string, args ...string) string {
	t.Helper()
	p := prepare(r.dir, append([]string{"export"}, args...)...)
	p.Env = append(p.Env, env...)
	var problems bytes.Buffer
	p.Stderr = &problems
	out, err := p.Output()
	if err != nil {
		t.Fatalf("export %v: %v\n%s", args, err, problems.Bytes())
	}
	return string(out)
}

// run runs one of the readers' programs.
func (r *reading) run(t *testing.T, dir string, env []string, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(reader(t, program), args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// compare has DuckDB and pyarrow compare files with the views they were made of.
func (r *reading) compare(t *testing.T, folder string) {
	t.Helper()
	script, err := filepath.Abs("testdata/tools/compare.py")
	if err != nil {
		t.Fatal(err)
	}
	r.run(t, r.dir, nil, "python", script, r.url, folder)
}

// What is exported is read by programs that others wrote, and means the same to them.
func TestToolsReadExports(t *testing.T) {
	r := newReading(t)
	t.Run("folder", func(t *testing.T) {
		folder := t.TempDir()
		r.export(t, nil, "parquet", "--to", folder, "--view", viewsToRead)
		r.compare(t, folder)
	})
	t.Run("killed", r.readKilled)
	t.Run("S3", r.readS3)
	t.Run("Azure", r.readAzure)
	t.Run("dbt", r.readDbt)
}

// viewsToRead are all that change only when rows do.
const viewsToRead = "calls,participants,telephony_calls,call_quality_streams,poor_stream_rate_daily," +
	"call_reliability_daily,call_volume_hourly,pstn_cost_daily,phone_minutes_monthly,pstn_pool_usage_monthly," +
	"direct_routing_health_hourly,direct_routing_failures_hourly,concurrent_calls_hourly,inbound_calls,missed_calls," +
	"missed_calls_daily,user_activity_daily,meeting_attendance,device_quality_daily,network_subnet_quality_daily," +
	"client_quality_daily,user_feedback,user_feedback_daily,sms_usage_daily,blocked_users_current,dialout_cost," +
	"dialout_reconciliation,call_legs,pstn_usage_export,emergency_calls,number_usage,fraud_signals_daily,users,days"

// readKilled kills the export at random moments. Each file that is there is whole, and
// the last call leaves what a quiet one would have.
func (r *reading) readKilled(t *testing.T) {
	folder := t.TempDir()
	for n := range storetest.Times(6, 60) {
		p := launch(t, r.dir, "export", "parquet", "--to", folder, "--view", viewsToRead)
		time.Sleep(time.Duration(rand.Int64N(int64(time.Duration(n+1) * 100 * time.Millisecond))))
		p.Process.Kill()
		<-p.ended
		for _, name := range filesBelow(t, folder, ".parquet") {
			text, err := os.ReadFile(name)
			if err != nil || !bytes.HasPrefix(text, []byte("PAR1")) || !bytes.HasSuffix(text, []byte("PAR1")) {
				t.Errorf("%s is not whole: %v", name, err)
			}
		}
	}
	r.export(t, nil, "parquet", "--to", folder, "--view", viewsToRead)
	r.compare(t, folder)
	if left := filesBelow(t, folder, ".tmp"); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// filesBelow are the files of a folder and those below it whose names end so.
func filesBelow(t *testing.T, folder, suffix string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, suffix) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// serve runs a server of a bucket until the test ends, and returns its address.
func (r *reading) serve(t *testing.T, command func(port string) *exec.Cmd) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := command(port)
	var output bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s", output.Bytes())
		}
	})
	for late := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		}
		if time.Now().After(late) {
			t.Fatalf("nobody listens at %s: %s", address, output.Bytes())
		}
	}
}

// bucket has a script make a bucket, or copy it into a folder.
func (r *reading) bucket(t *testing.T, args ...string) {
	t.Helper()
	script, err := filepath.Abs("testdata/tools/bucket.py")
	if err != nil {
		t.Fatal(err)
	}
	r.run(t, r.dir, nil, "python", append([]string{script}, args...)...)
}

func (r *reading) readS3(t *testing.T) {
	address := r.serve(t, func(port string) *exec.Cmd {
		return exec.Command(reader(t, "moto_server"), "-H", "127.0.0.1", "-p", port)
	})
	env := []string{"AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=not-to-be-told", "AWS_REGION=us-east-1"}
	r.readBucket(t, env, "s3", address, "s3://lake/teams?use_path_style=true&endpoint=http://"+address)
}

// What Azurite is served with is the same on all machines, and no secret.
const azuriteKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

func (r *reading) readAzure(t *testing.T) {
	address := r.serve(t, func(port string) *exec.Cmd {
		return exec.Command(tool(t, "azurite/node_modules/.bin/azurite-blob"), "--silent",
			"--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", port)
	})
	env := []string{"AZURE_STORAGE_ACCOUNT=devstoreaccount1", "AZURE_STORAGE_KEY=" + azuriteKey}
	r.readBucket(t, env, "azure", address, "azblob://lake/teams?localemu=true&protocol=http&domain="+address)
}

// readBucket writes to a bucket, twice, and reads it again from there.
func (r *reading) readBucket(t *testing.T, env []string, kind, address, target string) {
	t.Helper()
	r.bucket(t, "make", kind, address, "lake")
	for range 2 {
		r.export(t, env, "parquet", "--to", target, "--view", "calls,pstn_cost_daily,users")
	}
	folder := t.TempDir()
	r.bucket(t, "fetch", kind, address, "lake/teams", folder)
	r.compare(t, folder)
	p := prepare(r.dir, "export", "parquet", "--to", strings.Replace(target, "lake", "no-such-bucket", 1))
	p.Env = append(p.Env, env...)
	said, err := p.CombinedOutput()
	if err == nil || strings.Contains(string(said), "not-to-be-told") || strings.Contains(string(said), azuriteKey) {
		t.Errorf("of a bucket that is not there it says: %v %s", err, said)
	}
}

// dbt takes the sources, finds them fresh, and its tests of them hold.
func (r *reading) readDbt(t *testing.T) {
	dir := t.TempDir()
	storetest.Exec(t, storetest.Conn(t, r.url), `
		CREATE VIEW analytics.of_a_customer AS SELECT 'a' AS a;
		COMMENT ON VIEW analytics.of_a_customer IS 'What {{ looks like }} a {% template #}: it is none.';
		COMMENT ON COLUMN analytics.of_a_customer.a IS 'One of: a, {{ b }}.'`)
	config, err := pgx.ParseConfig(r.url)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"dbt_project.yml": "name: teams\nversion: '1.0'\nprofile: teams\n",
		"profiles.yml": fmt.Sprintf(`
teams:
  target: t
  outputs:
    t: {type: postgres, host: %q, port: %d, user: %q, password: '', dbname: %q, schema: public, threads: 2}
`, config.Host, config.Port, config.User, config.Database),
		"models/analytics.yml": r.export(t, nil, "dbt-sources"),
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DBT_PROFILES_DIR=" + dir}
	r.run(t, dir, env, "dbt", "parse", "--no-version-check", "--warn-error")
	r.run(t, dir, env, "dbt", "source", "freshness")
	r.run(t, dir, env, "dbt", "test")
}
