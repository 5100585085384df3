package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// folder is where a cluster lives: data/ with the cluster, socket/, server.log
// and the lock.
type folder struct {
	dir       string
	socket    string // folder of the socket, here or elsewhere
	temporary string // folder to remove in the end: dir, socket or none
	owner     account
	lock      *os.File
}

// openFolder makes or finds the folder and locks it.
func openFolder(ctx context.Context, o Options) (*folder, error) {
	f, err := locate(o)
	if err != nil {
		return nil, err
	}
	if f.lock, err = acquire(ctx, filepath.Join(f.dir, lockName), f.owner); err != nil {
		f.discard()
		return nil, err
	}
	if err := f.makeSocket(); err != nil {
		f.discard()
		return nil, err
	}
	return f, nil
}

func locate(o Options) (*folder, error) {
	owner, err := accountFor(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Dir == "" {
		parents := temporaryParents()
		if o.InMemory && roomInMemory() {
			parents = append([]string{memory}, parents...)
		}
		dir, err := temporary(owner, parents)
		return &folder{dir: dir, temporary: dir, owner: owner}, err
	}
	dir, err := claim(o.Dir, owner)
	return &folder{dir: dir, owner: owner}, err
}

// claim makes dir the account's, unless it is used for something else, and
// returns its absolute path without links.
func claim(dir string, owner account) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(filepath.Join(dir, lockName)); err != nil && len(entries) > 0 {
		return "", fmt.Errorf("%s is neither empty nor the folder of a private PostgreSQL cluster; choose another", dir)
	}
	return dir, errors.Join(owner.own(dir), owner.reach(dir))
}

// makeSocket makes the folder that protects the server: authentication is
// "trust", which is safe because only the account and root can enter a folder
// of mode 0700.
func (f *folder) makeSocket() (err error) {
	f.socket = filepath.Join(f.dir, "socket")
	if !fits(f.socket) {
		f.socket, err = temporary(f.owner, temporaryParents())
		f.temporary = f.socket
		return err
	}
	if err := os.RemoveAll(f.socket); err != nil { // with what a killed server left
		return err
	}
	if err := os.Mkdir(f.socket, 0o700); err != nil {
		return err
	}
	return f.owner.own(f.socket)
}

// memory is the file system in memory that Linux has; leastMemory is the room
// in it that a cluster needs. In containers it is often smaller.
const (
	memory      = "/dev/shm"
	leastMemory = 2 << 30
)

// roomInMemory reports whether a cluster may be made in memory.
func roomInMemory() bool {
	var free syscall.Statfs_t
	return syscall.Statfs(memory, &free) == nil && free.Bavail*uint64(free.Bsize) >= leastMemory
}

func temporaryParents() []string { return []string{os.TempDir(), "/tmp", "/var/tmp"} }

// temporary makes a folder of mode 0700, in the first of these folders that the
// account can reach and whose name leaves room for a socket.
func temporary(owner account, parents []string) (string, error) {
	var failed error
	for _, parent := range parents {
		dir, err := temporaryIn(parent, owner)
		if err == nil {
			return dir, nil
		}
		failed = errors.Join(failed, err)
	}
	return "", failed
}

func temporaryIn(parent string, owner account) (string, error) {
	parent, err := filepath.EvalSymlinks(parent)
	if err != nil {
		return "", err
	}
	if err := owner.reach(parent); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, "pgserver-")
	if err != nil {
		return "", err
	}
	if !fits(filepath.Join(dir, "socket")) {
		return "", errors.Join(fmt.Errorf("%s is too long a name for a socket", dir), os.Remove(dir))
	}
	return dir, owner.own(dir)
}

var plain = regexp.MustCompile(`^[\w./-]+$`)

// fits reports whether the name of a socket folder can be used. A socket's
// name has at most 103 bytes (sun_path is 104 with its NUL on macOS, 108 on
// Linux); commas and quotes separate in unix_socket_directories and in URLs.
func fits(dir string) bool {
	return len(dir+"/.s.PGSQL."+port) <= 103 && plain.MatchString(dir)
}

// release gives the lock back. What processes the server may still have keep
// it; the empty file says that they have no owner any more.
func (f *folder) release() {
	_ = f.lock.Truncate(0)
	_ = f.lock.Close()
}

// discard undoes openFolder before a server was started.
func (f *folder) discard() {
	if f.lock != nil {
		f.release()
	}
	if f.temporary != "" {
		_ = os.RemoveAll(f.temporary)
	}
}
