package torture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store/storetest"
)

// short has a process lack descriptors or memory, so that it fails anywhere.
func (w *world) short() {
	limit := fmt.Sprint("ulimit -n ", 10+w.rng.IntN(30))
	if w.rng.IntN(2) == 0 {
		limit = fmt.Sprint("ulimit -v ", 1_000_000+w.rng.IntN(400_000))
	}
	for range 2 {
		cmd := w.command(w.reading()...)
		cmd.Args = append([]string{"sh", "-c", limit + ` && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
		cmd.Path = "/bin/sh"
		w.until(w.start(cmd))
		w.advance(time.Hour)
	}
}

// diskFull has the disk of some tables be full, and then have room again. It takes a right to mount.
func (w *world) diskFull() {
	w.Helper()
	data := storetest.Query[string](w, w.conn, `SHOW data_directory`)
	dir := filepath.Join(filepath.Dir(data), "small")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.Fatal(err)
	}
	if exec.Command("mount", "-t", "tmpfs", "-o", "size=256m", "small", dir).Run() != nil {
		return
	}
	defer unmount(w, dir)
	ownAs(w, dir, data)
	w.exec(`CREATE TABLESPACE small LOCATION '` + dir + `'`)
	w.moveTables("small")
	before := strings.Count(w.said.String(), "53100")
	w.resize(dir, w.used(dir)+int64(w.rng.IntN(8))<<12)
	w.changeSoon()
	w.advance(day)
	w.once()
	w.did["disks full"] += strings.Count(w.said.String(), "53100") - before
	w.check()
	w.resize(dir, 256<<20)
	w.once()
	w.calm()
	w.moveTables("pg_default")
	w.exec(`CHECKPOINT`)
	w.exec(`DROP TABLESPACE small`)
}

// unmount waits until the server has closed its files there. What is still open then goes once it is closed.
func unmount(t testing.TB, dir string) {
	t.Helper()
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
		if syscall.Unmount(dir, 0) == nil {
			return
		}
	}
	if out, err := exec.Command("umount", "--lazy", dir).CombinedOutput(); err != nil {
		t.Fatalf("umount: %v %s", err, out)
	}
}

// moveTables moves the tables of all endpoints to another disk.
func (w *world) moveTables(to string) {
	w.Helper()
	for _, e := range fetch.Endpoints {
		for _, table := range e.Rows.Tables {
			w.exec(`ALTER TABLE teams.` + table.Name + ` SET TABLESPACE ` + to)
		}
	}
}

// ownAs gives a folder to whom another one belongs.
func ownAs(t testing.TB, dir, other string) {
	t.Helper()
	var of syscall.Stat_t
	err := syscall.Stat(other, &of)
	if err == nil {
		err = os.Chown(dir, int(of.Uid), int(of.Gid))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) used(dir string) int64 {
	w.Helper()
	var of syscall.Statfs_t
	if err := syscall.Statfs(dir, &of); err != nil {
		w.Fatal(err)
	}
	return int64(of.Blocks-of.Bfree) * of.Bsize
}

func (w *world) resize(dir string, size int64) {
	w.Helper()
	option := fmt.Sprint("remount,size=", size)
	if out, err := exec.Command("mount", "-o", option, dir).CombinedOutput(); err != nil {
		w.Fatalf("mount -o %s: %v %s", option, err, out)
	}
}
