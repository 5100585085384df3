package notify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// A tenant of which too many wait is warned of once, though others are taken in between.
func TestFullTenantIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	room := newRoom(t, &desk{}, zap.New(core))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go room.Run(ctx)
	for n := range 3 {
		for _, c := range []struct {
			body   string
			status int
		}{
			{strings.Replace(body(n), tenant.String(), crowded.String(), 1), http.StatusServiceUnavailable},
			{body(n), http.StatusAccepted},
		} {
			w := httptest.NewRecorder()
			room.ServeHTTP(w, request("POST", "/in", c.body))
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
		}
	}
	if logs.Len() != 1 {
		t.Errorf("logged %v, want one warning", logs.All())
	}
}
