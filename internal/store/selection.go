package store

import "github.com/google/uuid"

// A Selection is the tenants and endpoints that a list is about.
type Selection struct {
	Tenant   *uuid.UUID // nil: all
	Endpoint string     // empty: all
}

// Has reports whether an endpoint of a tenant is among those selected.
func (s Selection) Has(tenant uuid.UUID, endpoint string) bool {
	return (s.Tenant == nil || *s.Tenant == tenant) && (s.Endpoint == "" || s.Endpoint == endpoint)
}

// selects is the condition that a row is among those selected, for statements
// whose first two arguments are Tenant and Endpoint.
const selects = `($1::uuid IS NULL OR tenant_id = $1) AND $2 IN ('', endpoint)`
