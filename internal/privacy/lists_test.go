package privacy

import (
	"slices"
	"strings"
	"testing"

	"ingestd/internal/golden"
	"ingestd/internal/store/storetest"
)

// What is known of numbers and of services is what the lists of ref hold as they are made.
func TestLists(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	codes := storetest.Query[[]string](t, conn, `SELECT array_agg(prefix ORDER BY prefix) FROM ref.calling_codes`)
	var lines strings.Builder
	for line := range slices.Chunk(codes, 20) {
		lines.WriteString(strings.Join(line, " ") + "\n")
	}
	golden.Check(t, "calling_codes.txt", lines.String())
	listed := storetest.Query[[]string](t, conn, `SELECT array_agg(identity_id) FROM ref.service_identities`)
	if !slices.Equal(assistants, listed) {
		t.Errorf("services that are no persons: %v, listed %v", assistants, listed)
	}
}
