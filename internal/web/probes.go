package web

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// healthz says that the process answers.
func (h handler) healthz(w http.ResponseWriter, _ *http.Request) { answer(w, true, "") }

// readyz says whether the database answers and has the schema that is needed.
func (h handler) readyz(w http.ResponseWriter, r *http.Request) {
	s, _, cancel := h.snapshot(r)
	defer cancel()
	answer(w, s.Database.Up, s.Verdict.Heading)
}

// freshness says whether the data is safe and as new as it should be: what an
// uptime monitor is to ask.
func (h handler) freshness(w http.ResponseWriter, r *http.Request) {
	s, _, cancel := h.snapshot(r)
	defer cancel()
	answer(w, s.IsFresh(), s.Verdict.Heading)
}

// answer is ok, or 503 with what is wrong.
func answer(w http.ResponseWriter, ok bool, heading string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if ok {
		fmt.Fprintln(w, "ok")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, heading)
}

// status is the snapshot as JSON, what ingestd status -o json prints.
func (h handler) status(w http.ResponseWriter, r *http.Request) {
	s, _, cancel := h.snapshot(r)
	defer cancel()
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a client that is gone needs no answer
}
