package store_test

import (
	"fmt"
	"testing"
	"time"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A key that a later page of one reading gives other content is stored as the
// later page has it, whatever the clock says; what it replaced is kept as a reject.
func TestOneKeyOnTwoPages(t *testing.T) {
	for _, tt := range []struct {
		name  string
		later time.Duration // of the second page
	}{
		{name: "within a second", later: 0},
		{name: "a second later", later: time.Second},
		{name: "a clock that goes back", later: -time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.want(f.save(noon, element(1, `, "charge": 1.50`), element(2, ``)), counts(2, 0, 0, 0))
			second := batch(t, noon.Add(tt.later), element(1, `, "charge": 2`), element(3, ``))
			reading := store.Reading{Pages: 1, Changed: map[string]bool{second.Elements[0].Key: true}}
			for range 2 { // a COMMIT whose answer was lost
				got, err := f.db.SaveRows(t.Context(), f.run, f.target, second, reading)
				if err != nil {
					t.Fatal(err)
				}
				if got.Seen != 2 {
					t.Errorf("%d elements counted, want 2", got.Seen)
				}
			}
			const rows = `SELECT string_agg(right(id, 1) || ':' || coalesce(charge::text, '-'), ' ' ORDER BY id)
				FROM teams.pstn_calls`
			if got := f.query(rows); got != "1:2 2:- 3:-" {
				t.Errorf("rows = %s", got)
			}
			want := "key collision false 1.50 open"
			const rejects = `SELECT string_agg(concat_ws(' ', reason, stored::text,
					convert_from(raw, 'UTF8')::json->>'charge', CASE WHEN resolved_at IS NULL THEN 'open' END), '; ')
				FROM ingest.rejects`
			if got := f.query(rejects); got != want {
				t.Errorf("rejects = %s, want %s", got, want)
			}
			counted := f.query(`SELECT rows_seen || ' ' || rows_new || ' ' || rows_rejected FROM ingest.runs`)
			if counted != "6 3 1" {
				t.Errorf("the run counts %s", counted)
			}
		})
	}
}

// Whatever of the customer's refuses a row, the row becomes a reject and its
// neighbours are saved.
func TestCustomersConstraints(t *testing.T) {
	for name, constraint := range map[string]string{
		"check":        `ALTER TABLE teams.pstn_calls ADD CHECK (duration_s < 1000)`,
		"unique index": `CREATE UNIQUE INDEX mine ON teams.pstn_calls (duration_s)`,
		"trigger": `
			CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN IF NEW.duration_s > 1000 THEN RAISE 'no'; END IF; RETURN NEW; END $$;
			CREATE TRIGGER no BEFORE INSERT ON teams.pstn_calls FOR EACH ROW EXECUTE FUNCTION no()`,
		"silent trigger": `
			CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN IF NEW.duration_s > 1000 THEN RETURN NULL; END IF; RETURN NEW; END $$;
			CREATE TRIGGER no BEFORE INSERT ON teams.pstn_calls FOR EACH ROW EXECUTE FUNCTION no()`,
		"deferred trigger": `
			CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN IF NEW.duration_s > 1000 THEN RAISE 'no'; END IF; RETURN NULL; END $$;
			CREATE CONSTRAINT TRIGGER no AFTER INSERT ON teams.pstn_calls
				DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()`,
		"not null column": `ALTER TABLE teams.pstn_calls
			ADD COLUMN own int GENERATED ALWAYS AS (nullif(duration_s, 2000)) STORED NOT NULL`,
	} {
		t.Run(name, func(t *testing.T) {
			if name == "unique index" {
				storetest.NotHashed(t, "one without the tenant is refused")
			}
			f := newFixture(t)
			f.exec(constraint)
			f.want(
				f.save(noon, element(1, `, "duration": 1`), element(2, `, "duration": 2000`)),
				map[bool]store.Counts{true: counts(2, 0, 0, 0), false: counts(1, 0, 0, 1)}[name == "unique index"],
			)
			f.want(f.save(noon, element(3, `, "duration": 3`), element(4, `, "duration": 2000`)), counts(1, 0, 0, 1))
			got := f.query(`SELECT string_agg(right(key, 1), ' ' ORDER BY key) FROM ingest.rejects WHERE NOT stored`)
			if got != "2 4" && name != "unique index" {
				t.Errorf("rejects = %s", got)
			}
		})
	}
}

// An element that is refused again, with other content, leaves what was refused
// before open.
func TestRefusedTwice(t *testing.T) {
	f := newFixture(t)
	f.exec(`ALTER TABLE teams.pstn_calls ADD CHECK (duration_s < 1000)`)
	const open = `SELECT count(*) FROM ingest.rejects WHERE resolved_at IS NULL`
	for i, want := range []string{"1", "2"} {
		f.save(noon.Add(time.Duration(i)*time.Hour), element(1, fmt.Sprintf(`, "duration": %d`, 2000+i)))
		if got := f.query(open); got != want {
			t.Errorf("%s rejects are open, want %s", got, want)
		}
	}
	f.save(noon.Add(3*time.Hour), element(1, `, "duration": 5`))
	if got := f.query(open); got != "0" {
		t.Errorf("%s rejects are open after the element was stored", got)
	}
}

// A reject names the slot of its element's time, or else the window.
func TestRejectsNameTheirSlot(t *testing.T) {
	f := newFixture(t)
	f.exec(`ALTER TABLE teams.pstn_calls ADD CHECK (duration_s < 1000)`)
	b := batch(
		t,
		noon,
		element(1, `, "duration": 2000`),
		`{"id": 7, "startDateTime": "2026-03-01T10:00:00Z"}`,
		`{"id": "x", "duration": 2000}`,
		`{"id": "y", "duration": 2000, "startDateTime": "2026-02-01T10:00:00Z"}`,
	)
	if _, err := f.saveRows(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	const slots = `SELECT string_agg(concat_ws(' ', right(key, 1), to_char(slot_from, 'MM-DD HH24'),
			to_char(slot_to, 'MM-DD HH24')), '; ' ORDER BY key)
		FROM ingest.rejects`
	want := "1 03-01 00 03-02 00; x 02-28 12 03-02 12; y 02-28 12 03-02 12; 02-28 12 03-02 12"
	if got := f.query(slots); got != want {
		t.Errorf("slots = %s\nwant %s", got, want)
	}
}

// A reject that is met again is of the time when it was served last: as of the first time it would be older than what
// was stored meanwhile, and be closed without being stored.
func TestRejectIsOfItsLastTime(t *testing.T) {
	f := newFixture(t)
	f.exec(`ALTER TABLE teams.pstn_calls ADD CHECK (duration_s < 1000)`)
	refused, taken := element(1, `, "duration": 2000`), element(1, `, "duration": 1`)
	f.save(noon, refused)
	f.save(noon.Add(time.Hour), taken)
	for hours := range 2 {
		at := noon.Add(time.Duration(2+hours) * time.Hour)
		f.want(f.save(at, refused), counts(0, 0, 0, 1))
		rejects, err := f.db.RejectsToRetry(t.Context(), tenant, calls.Name, nil, nil, 1<<20)
		if err != nil || len(rejects) != 1 || !rejects[0].ServedAt.Equal(at) {
			t.Fatalf("rejects = %+v, %v, want one of %v", rejects, err, at)
		}
	}
}
