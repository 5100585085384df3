package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"
)

const lockName = "lock"

// patience is how long a server whose owner is gone may take to stop.
const patience = 30 * time.Second

// acquire locks a cluster's folder. The lock (flock) passes on to every process
// of the server, so it is free exactly when the last of them is gone. The file
// holds the number of the owning process. While that process lives, the folder
// is in use; once it is gone, the server is about to stop and is waited for.
func acquire(ctx context.Context, path string, owner account) (*os.File, error) {
	f, err := owner.open(path, 0)
	if err != nil {
		return nil, err
	}
	if err := waitFor(ctx, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Truncate(0), writeOwner(f)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func waitFor(ctx context.Context, f *os.File) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience,
		fmt.Errorf("%s is held by a server whose owner is gone and that does not stop", f.Name()))
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if pid, alive := holder(f); alive {
			return fmt.Errorf("%s: the cluster is in use by process %d; stop that one or choose another folder",
				f.Name(), pid)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func writeOwner(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
}

func holder(f *os.File) (pid int, alive bool) {
	text, _ := io.ReadAll(io.NewSectionReader(f, 0, 20))
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		return 0, false // just taken, or released with processes still ending
	}
	return pid, !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
