package notify

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"ingestd/internal/fetch"
)

// A reader whom Entra refuses a token again and again warns of it once, though each refusal names another request.
func TestReaderWarnsOnce(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	r := &Reader{Hub: &Hub{Name: "call-records"}, Log: zap.New(core)}
	refuse := func(status int) {
		for range 3 {
			r.note(t.Context(), &fetch.Error{Kind: fetch.Denied, Status: status, RequestID: uuid.NewString()})
		}
	}
	refuse(http.StatusUnauthorized)
	refuse(http.StatusForbidden)
	r.note(t.Context(), nil)
	refuse(http.StatusForbidden)
	var said []string
	for _, entry := range logs.All() {
		said = append(said, entry.Level.String())
	}
	if got := strings.Join(said, " "); got != "warn warn info warn" {
		t.Errorf("logged %s", got)
	}
}
