package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the server runs as.
type account struct {
	name     string
	uid, gid uint32
}

// accountFor returns the account for a cluster in dir, which need not exist:
// the process's own, and as root, which PostgreSQL refuses, another one.
func accountFor(dir string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{nameOf(uint32(uid)), uint32(uid), uint32(os.Getegid())}, nil
	}
	if uid, gid, err := ownerOf(dir); err == nil && uid != 0 {
		return account{nameOf(uid), uid, gid}, nil
	}
	for _, name := range []string{"postgres", "_postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
			gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
			return account{name, uint32(uid), uint32(gid)}, errors.Join(errUID, errGID)
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is neither an account postgres " +
		"nor nobody; run as another user")
}

func nameOf(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

func ownerOf(path string) (uid, gid uint32, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	stat := info.Sys().(*syscall.Stat_t)
	return stat.Uid, stat.Gid, nil
}

// foreign reports whether the account is not this process's own.
func (a account) foreign() bool { return int(a.uid) != os.Geteuid() }

// credential is nil for the process's own account.
func (a account) credential() *syscall.Credential {
	if !a.foreign() {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a folder to the account.
func (a account) own(dir string) error {
	if !a.foreign() {
		return nil
	}
	return os.Lchown(dir, int(a.uid), int(a.gid))
}

// open opens or makes a file of the account's. It follows no link: the folder
// is the account's, and root must not be led out of it.
func (a account) open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil || !a.foreign() {
		return f, err
	}
	if err := f.Chown(int(a.uid), int(a.gid)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// reach returns an error naming the first folder on the way to dir that the
// account may not enter.
func (a account) reach(dir string) error {
	if parent := filepath.Dir(dir); parent != dir {
		if err := a.reach(parent); err != nil {
			return err
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat, enter := info.Sys().(*syscall.Stat_t), os.FileMode(0o001)
	switch {
	case stat.Uid == a.uid:
		enter = 0o100
	case stat.Gid == a.gid:
		enter = 0o010
	}
	if info.Mode()&enter == 0 {
		return fmt.Errorf("the account %s, as which PostgreSQL has to run, may not enter %s (mode %#o); "+
			"choose a folder elsewhere, or open it with chmod o+x", a.name, dir, info.Mode().Perm())
	}
	return nil
}
