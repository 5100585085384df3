package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
)

// visit reads all that the daemon shows, and holds that it comes to rest.
func (w *world) visit() {
	w.Helper()
	for _, path := range []string{"/", "/t/simulated", "/metrics", "/api/status", "/readyz", "/freshness"} {
		w.shown.Write(w.get(path))
	}
	var busy []byte
	for late := time.Now().Add(patience); time.Now().Before(late); time.Sleep(50 * time.Millisecond) {
		text := w.get("/debug/pprof/goroutine?debug=1")
		if busy = atWork.Find(text); busy == nil && text != nil {
			return
		}
	}
	w.violate("the daemon does not come to rest: %s", busy)
}

// atWork is a goroutine that reads, or waits for the rest of a body.
var atWork = regexp.MustCompile(`ingestd/internal/fetch\.|clientStream\)\.(doRequest|writeRequest)`)

// get is what the daemon answers; nil if it does not.
func (w *world) get(path string) []byte {
	ctx, cancel := context.WithTimeout(w.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.listen+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return text
}

// checkSafe holds that the status does not say something is safe for longer than Graph keeps it: of what can be read
// and is not stored, and of slots that are not settled. Where all is read it does not say less either.
func (w *world) checkSafe(allRead bool) {
	w.Helper()
	defer w.clock.Stop()()
	w.observe()
	l, now := w.look(), w.clock.Now()
	var says struct {
		Tenants []struct {
			ID        uuid.UUID `json:"tenant_id"`
			Endpoints []struct {
				Endpoint string
				Until    *time.Time `json:"safe_until"`
			}
		}
	}
	if text := w.ask("status", "-o", "json"); json.Unmarshal(text, &says) != nil {
		w.violate("status: %s", text)
		return
	}
	until := map[string]*time.Time{}
	for _, t := range says.Tenants {
		for _, e := range t.Endpoints {
			if t.ID == tenant {
				until[e.Endpoint] = e.Until
			}
		}
	}
	for _, e := range fetch.Endpoints {
		first, what := w.firstLoss(l, e, now)
		if said := until[e.Name]; said == nil || said.After(first) {
			w.violate("%s: safe until %v, and %s leaves reach at %v", e.Name, said, what, first)
		} else if allRead && said.Before(first.Add(-e.Slot)) {
			w.violate("%s: safe until %v, and %s does not leave reach before %v", e.Name, said, what, first)
		}
	}
}

// firstLoss is when the first thing leaves reach that is not stored for good.
func (w *world) firstLoss(l *look, e fetch.Endpoint, now time.Time) (at time.Time, what string) {
	of, reach := l.endpoints[e.Name], w.settings.logsReach
	if e.Versioned {
		reach = w.settings.recordsReach
	}
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	at, what = now.Add(reach), "what is to come"
	note := func(from time.Time, is string) {
		if from.Add(reach).After(now) && from.Add(reach).Before(at) {
			at, what = from.Add(reach), is
		}
	}
	for key, r := range w.oracle.rows[e.Name] {
		got, there := l.stored[e.Name][key]
		isStored := there && (!e.Versioned || got.Details != nil) || l.rejected[e.Name][key] || w.isChanged(e, r)
		if r.shown && !isStored && !e.Aggregate && !r.at.Before(later(of.Origin, of.KeptFrom)) {
			note(r.at, key)
		}
	}
	for _, s := range of.slots {
		if !s.Settled && !s.From.Before(of.Origin) {
			note(s.From, fmt.Sprint("the slot of ", s.From))
		}
	}
	return at, what
}
