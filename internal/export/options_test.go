package export_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ingestd/internal/catalog"
	"ingestd/internal/export"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A copy has the views, tenants, days and columns that are asked for, and no others.
func TestOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.URL(t))
	w.begin()
	for _, a := range []act{
		{Do: "save a call", Day: 0}, {Do: "save a call", Day: 2}, {Do: "save a call", Day: 2, Tenant: 1, Row: 1},
		{Do: "save a record", Day: 1},
	} {
		a.Row += a.Day
		w.do(a)
	}
	w.settle() // all of it, into a folder of its own
	for name, c := range map[string]struct {
		o    export.Options
		want string // files, each with its columns of some
	}{
		"days": {
			export.Options{Views: []string{"telephony_calls"}, From: worldBegin, Until: worldBegin.AddDate(0, 0, 1)},
			"telephony_calls/date=2026-01-29/00000000-0000-4000-8000-000000000000.parquet user_id",
		},
		"tenant": {
			export.Options{Views: []string{"pstn_cost_daily"}, Tenant: &worldTenants[1]},
			"pstn_cost_daily/date=2026-01-31/00000000-0000-4000-8000-000000000001.parquet",
		},
		"columns": {
			export.Options{Views: []string{"calls"}, Without: catalog.Classes},
			"calls/date=2026-01-30/00000000-0000-4000-8000-000000000000.parquet",
		},
		"views": {export.Options{Views: []string{"days"}}, "days/all.parquet"},
		"months": {
			export.Options{Views: []string{"phone_minutes_monthly"}, Tenant: &worldTenants[1]},
			"phone_minutes_monthly/date=2026-01-01/00000000-0000-4000-8000-000000000001.parquet user_id",
		},
	} {
		c.o.To = t.TempDir()
		if err := passOf(t, w, c.o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := filesIn(t, c.o.To); got != c.want {
			t.Errorf("%s: there is %s, want %s", name, got, c.want)
		}
	}
}

// filesIn are the files of a folder, each with those of its columns that name people.
func filesIn(t *testing.T, folder string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".parquet") {
			name, _ := filepath.Rel(folder, path)
			for _, c := range open(t, path).Schema().Columns() {
				if c[0] == "user_id" || c[0] == "organizer_user_id" {
					name += " " + c[0]
				}
			}
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

func passOf(t *testing.T, w *world, o export.Options) error {
	t.Helper()
	p, err := export.NewParquet(t.Context(), w.db, o, nil)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Pass(t.Context())
}

// What cannot be is refused, with what to do, and changes nothing.
func TestMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.URL(t))
	folder := t.TempDir()
	if err := passOf(t, w, export.Options{To: folder, Views: []string{"days"}}); err != nil {
		t.Fatal(err)
	}
	without := []catalog.Class{catalog.Identity}
	storetest.Exec(t, w.conn, `CREATE VIEW analytics.mine AS SELECT NULL::uuid AS tenant_id`)
	for _, c := range []struct {
		o    export.Options
		want string
	}{
		{export.Options{To: "ftp://host/path"}, "--to takes a folder, s3://BUCKET/PATH or azblob://CONTAINER/PATH"},
		{export.Options{To: "s3:///path"}, "--to takes"},
		{
			export.Options{To: folder, Views: []string{"call"}},
			"there is no view call in schema analytics; it is one of: ",
		},
		{export.Options{To: folder, Views: []string{"users"}, Without: without}, "each row of users is about a person"},
		{export.Options{To: folder, Views: []string{"days"}, Without: without}, "choose another folder"},
		{export.Options{To: folder, Views: []string{"mine"}, Tenant: &worldTenants[0]}, "leave out --tenant"},
	} {
		err := passOf(t, w, c.o)
		var mistake export.Mistake
		if !errors.As(err, &mistake) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.o, err, c.want)
		}
	}
	storetest.Exec(t, w.conn, `SELECT pg_advisory_lock(hashtextextended('ingestd export ' || $1, 0))`, folder)
	otherwise := folder + "/../" + filepath.Base(folder) + "/"
	if err := passOf(t, w, export.Options{To: otherwise}); !errors.Is(err, export.ErrBusy) {
		t.Errorf("beside another one: %v", err)
	}
	wantOthers(t, w)
	storetest.Exec(t, w.conn, `UPDATE ingest.schema_version SET version = version + 1`)
	if err := passOf(t, w, export.Options{To: folder}); !errors.Is(err, store.ErrNotMigrated) {
		t.Errorf("of a newer schema: %v", err)
	}
	storetest.Exec(t, w.conn, `ALTER TABLE teams.pstn_calls REPLICA IDENTITY FULL`)
	_, err := export.NewPublication(t.Context(), w.db, "p", catalog.Classes)
	if err == nil || !strings.Contains(err.Error(), "ALTER TABLE teams.pstn_calls REPLICA IDENTITY DEFAULT") {
		t.Errorf("a publication of a table that it would lock: %v", err)
	}
	if err := passOf(t, w, export.Options{To: "/proc/no-such-folder"}); err == nil || !strings.Contains(err.Error(),
		"write to /proc/no-such-folder: ") {
		t.Errorf("into a folder that cannot be made: %v", err)
	}
}

// wantOthers fails unless a view that goes between two passes keeps no other from
// being copied.
func wantOthers(t *testing.T, w *world) {
	t.Helper()
	var done []string
	o := export.Options{To: t.TempDir(), Views: []string{"days", "mine", "users"}}
	p, err := export.NewParquet(t.Context(), w.db, o, func(v export.View) { done = append(done, v.Name) })
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	first := p.Pass(t.Context())
	storetest.Exec(t, w.conn, `DROP VIEW analytics.mine`)
	second := p.Pass(t.Context())
	if first != nil || second == nil || !slices.Equal(done, []string{"days", "mine", "users", "days", "users"}) {
		t.Errorf("it copies %v, and says %v, then %v", done, first, second)
	}
}

// One that follows writes what has changed, soon, and ends when it is told to.
func TestFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.URL(t))
	w.begin()
	p, err := export.NewParquet(t.Context(), w.db, w.options(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	passes := make(chan error)
	ended := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		p.Follow(ctx, 10*time.Millisecond, func(err error) { passes <- err })
		close(ended)
	}()
	w.do(act{Do: "save a call"})
	w.do(act{Do: "refresh"})
	file := filepath.Join(w.folder, "telephony_calls/date=2026-01-29", worldTenant(0)+".parquet")
	for late := time.Now().Add(time.Minute); ; {
		if err := <-passes; err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err == nil {
			break
		}
		if time.Now().After(late) {
			t.Fatal("it is never written")
		}
	}
	stop()
	for {
		select {
		case <-passes:
			continue
		case <-ended:
		}
		return
	}
}
