package web

import (
	"net/http"
	"slices"

	"github.com/google/uuid"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

// A tenantPage is what the page of one tenant has besides.
type tenantPage struct {
	Name, Note string
	Gaps       []gap
	Rejects    []store.RejectReason
}

// A gap is a span that is lost or parked.
type gap struct {
	look
	Endpoint, From, To string
}

// tenant is the page of one tenant: its board, its problems, what is missing and
// what is kept raw, and its newest runs.
func (h handler) tenant(w http.ResponseWriter, r *http.Request) {
	s, ctx, cancel := h.snapshot(r)
	defer cancel()
	i := slices.IndexFunc(s.Tenants, func(t health.Tenant) bool { return t.Name == r.PathValue("tenant") })
	if i < 0 {
		http.Error(w, "no tenant is called that; see: /", http.StatusNotFound)
		return
	}
	t := s.Tenants[i]
	p := newPage(ofTenant(s, t), r)
	p.Tenant = &tenantPage{Name: t.Name, Note: noteOf(t), Gaps: gapsOf(t)}
	p.Title = p.Level.Word + ": " + t.Name
	p.addRuns(h.runs(ctx, s, t.ID, tenantRuns))
	if t.ID != uuid.Nil && s.Database.Up {
		p.Tenant.Rejects, _ = h.source.RejectReasons(ctx, t.ID)
	}
	render(w, p)
}

// ofTenant is what a snapshot says of one tenant: its most urgent problem is the
// verdict.
func ofTenant(s health.Snapshot, t health.Tenant) health.Snapshot {
	s.Tenants = []health.Tenant{t}
	s.Problems = slices.DeleteFunc(slices.Clone(s.Problems), func(p health.Problem) bool {
		return p.Tenant != nil && *p.Tenant != t.Name
	})
	if s.Verdict.Tenant == nil || *s.Verdict.Tenant == t.Name {
		return s
	}
	s.Verdict = health.Verdict{Level: health.Safe, Heading: t.Name + " needs nobody"}
	if len(s.Problems) > 0 {
		first := s.Problems[0]
		s.Verdict = health.Verdict{Level: first.Level, Heading: first.Heading, Why: first.Detail, Steps: first.Steps}
	}
	return s
}

// gapsOf are the spans of the strips that are lost or parked.
func gapsOf(t health.Tenant) []gap {
	kinds := map[health.Kind]look{
		health.KindLost: {"bad", "cross", "lost"}, health.KindParked: {"warn", "diamond", "parked"},
		health.KindAcknowledged: {"off", "minus", "lost, acknowledged"},
	}
	var list []gap
	for _, e := range t.Endpoints {
		for _, g := range e.Strip {
			if found, ok := kinds[g.Kind]; ok {
				const form = "2 Jan 15:04"
				list = append(list, gap{found, e.Name, g.From.UTC().Format(form), g.To.UTC().Format(form)})
			}
		}
	}
	return list
}
