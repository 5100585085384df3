package torture

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// receive has what Graph sends come to the daemon that listens, if one does, through a proxy that ends TLS.
func (w *world) receive() {
	to := &url.URL{Scheme: "http", Host: w.hears}
	w.front = httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorLog: log.New(io.Discard, "", 0), // nobody listens
	})
	w.Cleanup(w.front.Close)
}

// notify sends notifications until it is told to stop: some are lost, late or repeated, and some forged.
func (w *world) notify() (stop func()) {
	rng := rand.New(rand.NewPCG(w.rng.Uint64(), 5))
	lost, late := rng.Float64()/2, rng.Float64()/2
	w.graph.SetNotifications(func(graphsim.Notification) (d graphsim.Delivery) {
		d.Lost = rng.Float64() < lost
		if rng.Float64() < late {
			d.Delay = time.Duration(rng.Int64N(int64(6 * time.Hour)))
		}
		if rng.IntN(4) == 0 {
			d.Copies = 1 + rng.IntN(20)
		}
		return d
	})
	forger := rand.New(rand.NewPCG(w.rng.Uint64(), 6))
	ctx, cancel := context.WithCancel(w.Context())
	var sender sync.WaitGroup
	sent, forged := 0, 0
	events := []string{"missed", "reauthorizationRequired", "subscriptionRemoved"}
	sender.Go(func() {
		for ctx.Err() == nil {
			taken, _ := w.graph.Notify(ctx)
			sent += taken
			if forger.IntN(3) == 0 {
				w.graph.Lifecycle(ctx, events[forger.IntN(len(events))])
			}
			forged += w.forge(ctx, forger)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return func() {
		cancel()
		sender.Wait()
		w.did["notifications taken"] += sent
		w.did["notifications forged"] += forged
	}
}

// forge sends what is none of Graph's, and returns how many of that were answered.
func (w *world) forge(ctx context.Context, rng *rand.Rand) int {
	call := uuid.New()
	w.forged = append(w.forged, call.String())
	item := fmt.Sprintf(`{"subscriptionId":%q,"clientState":%q,"tenantId":%q,"changeType":"updated",
		"resource":"communications/callRecords/%[4]s",
		"resourceData":{"@odata.type":"#microsoft.graph.callRecord","id":%[4]q}}`,
		uuid.New(), "guessed", tenant, call)
	bodies := []string{
		`{"value":[` + item + `]}`, `{"value":[` + strings.Repeat(item+",", 500) + item + `]}`,
		`{"value":[` + item, "\x00", `[]`, `{"value":null}`,
	}
	body := strings.NewReader(bodies[rng.IntN(len(bodies))])
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.front.URL+hearsPath, body)
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := w.front.Client().Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusBadGateway {
		return 0
	}
	return 1
}

// hearsPath is where a daemon takes notifications.
const hearsPath = "/notifications"

// checkForged holds that nothing is noted that a forger told.
func (w *world) checkForged() {
	w.Helper()
	n := storetest.Query[int](w, w.conn, `
		SELECT count(*) FROM ingest.told_records WHERE call_id = ANY ($1::text[]::uuid[])`, w.forged)
	if n > 0 {
		w.violate("%d call records are noted that a forger named", n)
	}
}
