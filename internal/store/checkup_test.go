package store_test

import (
	"testing"
	"time"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A role with few connections learns how many it has, and the rest of what there
// is to tell.
func TestCheckup(t *testing.T) {
	t.Parallel()
	role, as := storetest.Role(t, storetest.URL(t), "CONNECTION LIMIT 7")
	other := storetest.Conn(t, with(t, as, "application_name", "another"))
	db := storetest.Connect(t, with(t, as, "pool_max_conns", "3"))
	c, err := db.Checkup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Role != role || c.Database != other.Config().Database || c.ServerVersion == "" || c.Superuser ||
		c.Bytes < 1_000_000 || c.Ahead.Abs() > time.Second || c.Pooler != "" || c.Secure != "by a Unix socket" {
		t.Errorf("%+v", c)
	}
	if c.RoleRoom == nil || *c.RoleRoom != 6 || c.DatabaseRoom != nil || c.ServerRoom == nil || *c.ServerRoom < 20 {
		t.Errorf("room: %v %v %v", c.RoleRoom, c.DatabaseRoom, c.ServerRoom)
	}
	for db, want := range map[*store.DB]int{db: 5, storetest.Connect(t, as): 6} {
		if n := db.Needs(); n != want {
			t.Errorf("Needs: %d, want %d", n, want)
		}
	}
}
