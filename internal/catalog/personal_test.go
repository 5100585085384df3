package catalog_test

import (
	"slices"
	"testing"

	"ingestd/internal/catalog"
	"ingestd/internal/store/storetest"
)

func TestPersonal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		column string
		want   []catalog.Class
	}{
		{"user_id", []catalog.Class{catalog.Identity}},
		{"identity_id", []catalog.Class{catalog.Identity, catalog.Numbers}},
		{"endpoint_name", []catalog.Class{catalog.Identity, catalog.Location}},
		{"AAD ObjectId", []catalog.Class{catalog.Identity}},
		{"unknown_fields", []catalog.Class{catalog.Text}},
		{"call_id", nil},
		{"nobody_has_seen_it", catalog.Classes},
	} {
		column := catalog.Column{Name: c.column}
		if got := column.Personal(); !slices.Equal(got, c.want) {
			t.Errorf("%s holds %v, want %v", c.column, got, c.want)
		}
		if got := column.PersonalIn([]catalog.Class{catalog.Numbers}); got != slices.Contains(c.want, catalog.Numbers) {
			t.Errorf("%s: in numbers: %v", c.column, got)
		}
	}
}

// Who adds a column says whether it holds personal data. Where personal data goes from figures of days, others stay.
func TestPersonalOfEveryColumn(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	relations, err := catalog.Read(t.Context(), conn, "teams", "analytics", "ref", "rollup")
	if err != nil || len(relations) == 0 {
		t.Fatal(len(relations), err)
	}
	for _, r := range relations {
		if r.Schema == "rollup" && (r.View || r.Column("day") == nil) {
			continue // it holds no figures
		}
		for _, c := range r.Columns {
			if !c.Classed() {
				t.Errorf("%s.%s.%s is in no class of personal.txt", r.Schema, r.Name, c.Name)
			}
		}
		if r.View && len(r.Key) > 0 && r.Personal != slices.ContainsFunc(r.Columns, isPersonal) {
			t.Errorf("the comment on %s.%s says of personal data what its columns deny", r.Schema, r.Name)
		}
	}
}

func isPersonal(c catalog.Column) bool { return len(c.Personal()) > 0 }
