package demo

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWhatKilledDemosLeftIsSweptUp(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	living, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	killed, unlocked, young := leave(t, "killed", lockName), leave(t, "unlocked"), leave(t, "young")
	if err := os.Chtimes(unlocked, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	next, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		living.path: true, next.path: true, killed: false, unlocked: false, young: true,
	} {
		if _, err := os.Stat(path); want != (err == nil) || err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there: %v, want %v", path, err, want)
		}
	}
	for _, f := range []*folder{living, next} {
		if err := f.remove(); err != nil {
			t.Error(err)
		}
	}
}

// leave makes a folder as a demo has it, with files.
func leave(t *testing.T, name string, files ...string) string {
	t.Helper()
	path := filepath.Join(os.TempDir(), folderPrefix+name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(path, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
