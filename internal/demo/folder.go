package demo

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	folderPrefix = "ingestd-demo-"
	lockName     = "lock"
)

// A folder is where a demo keeps its files. Its lock is free once the demo is
// gone, however it ended.
type folder struct {
	path string
	lock *os.File
}

// newFolder makes a folder for this process alone, and removes those that killed
// demos left behind.
func newFolder() (*folder, error) {
	sweep()
	path, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path}
	if f.lock, err = lock(path, os.O_CREATE); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return f, nil
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

func (f *folder) remove() error {
	return errors.Join(os.RemoveAll(f.path), f.lock.Close())
}

// sweep removes the folders of demos that were killed. What it may not remove
// is another account's.
func sweep() {
	paths, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	for _, path := range paths {
		if held, err := lock(path, 0); err == nil {
			_ = os.RemoveAll(path)
			_ = held.Close()
		} else if errors.Is(err, os.ErrNotExist) && old(path) {
			_ = os.RemoveAll(path) // killed before it had its lock
		}
	}
}

// old reports whether a folder was made so long ago that its demo would hold
// its lock.
func old(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && time.Since(info.ModTime()) > time.Minute
}

// lock takes the lock of a folder, unless a demo holds it.
func lock(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|syscall.O_NOFOLLOW|flag, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
