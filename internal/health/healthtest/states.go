package healthtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/health"
	"ingestd/internal/store/storetest"
)

// An EndpointKey names an endpoint of a tenant.
type EndpointKey struct {
	Tenant   uuid.UUID
	Endpoint string
}

// StatesInSQL are the states of all endpoints at a time, as the view for analysts
// says them. The view's own text is run, with the time in place of now().
func StatesInSQL(t testing.TB, conn *pgx.Conn, now time.Time) map[EndpointKey]health.State {
	t.Helper()
	text := storetest.Query[string](t, conn, `SELECT pg_get_viewdef('live.endpoint_states'::regclass)`)
	text = strings.ReplaceAll(text, "now()", fmt.Sprintf("'%s'::timestamptz", now.Format(time.RFC3339Nano)))
	rows, err := conn.Query(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	states := map[EndpointKey]health.State{}
	var key EndpointKey
	var state health.State
	_, err = pgx.ForEachRow(rows, []any{&key.Tenant, &key.Endpoint, &state}, func() error {
		states[key] = state
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return states
}
