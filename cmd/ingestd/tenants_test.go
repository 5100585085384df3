package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// twoTenants are two simulated tenants.
func twoTenants(t *testing.T) (a, b *graphsim.Server) {
	t.Helper()
	other := small
	other.Tenant, other.Seed = "7d3c0b52-94e1-4c06-a8f7-1e5d2b9a6c43", 2
	return simulate(t, small), simulate(t, other)
}

// read asks whether a tenant's calls were read.
func read(tenant *graphsim.Server) string {
	return fmt.Sprintf(`SELECT count(*) = 1 FROM ingest.endpoints
		WHERE caught_up_at IS NOT NULL AND tenant_id = '%s'`, tenant.Tenant())
}

// workplaceOf is a folder with a configuration of several tenants, in their order.
func workplaceOf(t *testing.T, databaseURL string, tenants ...*graphsim.Server) string {
	t.Helper()
	dir := t.TempDir()
	if err := configure(dir, databaseURL, "pstn_calls", tenants...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Two daemons that list the same tenants in another order do not wait for each
// other: each tenant is read by one of them.
func TestTenantsInAnotherOrder(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	a, b := twoTenants(t)
	launch(t, workplaceOf(t, url, a, b), "run")
	launch(t, workplaceOf(t, url, b, a), "run")
	await(t, url, read(a))
	await(t, url, read(b))
}

// A tenant that another process works on keeps no other waiting, whatever the
// order, and is read once it is free.
func TestLockedTenantKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	a, b := twoTenants(t)
	lock, err := storetest.Connect(t, url).Lock(t.Context(), uuid.MustParse(b.Tenant()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Release(context.Background()) })

	dir := workplaceOf(t, url, b, a)
	daemon := launch(t, dir, "run")
	await(t, url, read(a))
	await(t, url, `SELECT count(*) = 0 FROM ingest.runs WHERE tenant_id = '`+b.Tenant()+`'`)
	daemon.says(t, "another ingestd works on this tenant")
	if err := lock.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, url, read(b))
}
