package pgserver

import (
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestReach(t *testing.T) {
	t.Parallel()
	self := account{"self", uint32(os.Geteuid()), uint32(os.Getegid())}
	group := account{"group", self.uid + 1, self.gid}
	other := account{"other", self.uid + 1, self.gid + 1}
	for _, c := range []struct {
		name string
		who  account
		mode os.FileMode
		want bool
	}{
		{"the owner", self, 0o700, true},
		{"the owner alone is shut out", self, 0o077, false},
		{"the group", group, 0o710, true},
		{"the group alone is shut out", group, 0o701, false},
		{"another account", other, 0o701, true},
		{"closed to others", other, 0o750, false},
		{"readable is not enough", other, 0o744, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gate := filepath.Join(reachable(t), "gate")
			inner := filepath.Join(gate, "inner")
			if err := os.MkdirAll(inner, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(gate, c.mode); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(gate, 0o700)
			err := c.who.reach(inner)
			if os.Geteuid() != 0 && c.mode&0o100 == 0 {
				return // this process cannot even look
			}
			if c.want != (err == nil) || err != nil && !strings.Contains(err.Error(), "may not enter "+gate) {
				t.Errorf("reach: %v, want success %v", err, c.want)
			}
		})
	}
}

func TestRootIsToldOfAClosedFolder(t *testing.T) {
	t.Parallel()
	asRoot(t)
	_, err := Start(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "pg")})
	if err == nil || !strings.Contains(err.Error(), "may not enter") {
		t.Errorf("start: %v", err)
	}
}

func TestRootKeepsTheOwnerOfAFolder(t *testing.T) {
	t.Parallel()
	asRoot(t)
	uid, gid := nobody(t)
	dir := reachable(t)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir})
	if owner, _, err := ownerOf(filepath.Join(s.Dir(), "data")); err != nil || int(owner) != uid {
		t.Errorf("the cluster belongs to %d, %v, want %d", owner, err, uid)
	}
}

// TestUnprivileged runs again, as an account that is not root, a test of each
// kind of folder and of a server that outlives its owner.
func TestUnprivileged(t *testing.T) {
	t.Parallel()
	asRoot(t)
	uid, gid := nobody(t)
	cmd := exec.Command(copyOfTestBinary(t), "-test.run=Temporary|Kept|AfterAKilledProcess", "-test.timeout=2m")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "HOME=/")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// copyOfTestBinary is where nobody can run it; the original lies in a folder of root's.
func copyOfTestBinary(t *testing.T) string {
	t.Helper()
	source, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	path := filepath.Join(reachable(t), "pgserver.test")
	// A child of another test that is just being forked would hold the file open
	// for writing, and it could not be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	target, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	return path
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("concerns root only")
	}
}

func nobody(t *testing.T) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid
}
