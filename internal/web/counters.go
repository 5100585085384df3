package web

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/notify"
	"ingestd/internal/schedule"
)

// Counters count what the process does. What they hold is lost with it, so they
// count and do not say how things stand: that is Survey's.
type Counters struct {
	elements, records, requests, waits, runs, unknown, misfits, notified *prometheus.CounterVec
	requestTook, runTook, storedAfter                                    *prometheus.HistogramVec

	mu      sync.Mutex
	members map[string]*mapping.Names // by endpoint: the unknown members that have a label
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "ingestd", Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64) *prometheus.HistogramVec {
	o := prometheus.HistogramOpts{Namespace: "ingestd", Name: name, Help: help, Buckets: buckets}
	return prometheus.NewHistogramVec(o, []string{"endpoint"})
}

// NewCounters makes counters at zero.
func NewCounters() *Counters {
	return &Counters{
		elements: counter("elements_total", "Elements served: new, changed, unchanged or rejected.",
			"tenant", "endpoint", "outcome"),
		records: counter("records_stored_total", "Call records stored whole.", perTenant...),
		requests: counter("graph_requests_total",
			"Requests by HTTP status; error: no answer. Endpoint token: to Entra; clock: for the time; "+
				"subscriptions: to notifications.",
			"tenant", "endpoint", "code"),
		waits: counter("throttle_wait_seconds_total", "Time spent waiting because Graph said so.", perEndpoint...),
		runs:  counter("runs_total", "Runs that ended.", "tenant", "endpoint", "result"),
		unknown: counter("unknown_members_total",
			"Members served that have no column; from the 51st name on: other.", "endpoint", "member"),
		notified: counter("notifications_total",
			"Change notifications by outcome: accepted (told a call record, now stored to be read), lifecycle, "+
				"validation, refused (sent again), and dropped as full (too many wait), foreign, forged, stale, "+
				"malformed or garbage.",
			"outcome"),
		misfits: counter("misfits_total", "Values that did not fit their column.", "endpoint", "column"),
		requestTook: histogram("graph_request_duration_seconds", "Time from a request to the last byte of its answer.",
			[]float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}),
		runTook: histogram("run_duration_seconds", "How long runs took that have ended.",
			[]float64{.1, 1, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600}),
		storedAfter: histogram("record_stored_after_seconds",
			"Time from the end of a call until its record was stored first.",
			[]float64{300, 600, 900, 1200, 1800, 2700, 3600, 2 * 3600, 4 * 3600, 24 * 3600}),
		members: map[string]*mapping.Names{},
	}
}

// Register adds the counters, a survey, the build and Go's own metrics to a
// registry.
func (c *Counters) Register(to *prometheus.Registry, survey *Survey) {
	to.MustRegister(c.elements, c.records, c.requests, c.waits, c.runs, c.unknown, c.misfits, c.notified,
		c.requestTook, c.runTook, c.storedAfter, survey, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

func buildInfo() prometheus.Collector {
	labels := prometheus.Labels{"version": "unknown", "revision": "unknown", "goversion": runtime.Version()}
	if build, ok := debug.ReadBuildInfo(); ok {
		labels["version"] = build.Main.Version
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				labels["revision"] = setting.Value
			}
		}
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "ingestd", Name: "build_info", Help: "Version of the program; always 1.",
		ConstLabels: labels,
	})
	info.Set(1)
	return info
}

// Of is the observer of a tenant's client and jobs.
func (c *Counters) Of(tenant string) *TenantCounters { return &TenantCounters{c, tenant} }

// TenantCounters count for one tenant.
type TenantCounters struct {
	all    *Counters
	tenant string
}

var (
	_ fetch.Observer    = (*TenantCounters)(nil)
	_ schedule.Observer = (*TenantCounters)(nil)
)

// Answered counts a request.
func (t *TenantCounters) Answered(endpoint string, status int, took time.Duration) {
	code := "error"
	if status != 0 {
		code = strconv.Itoa(status)
	}
	t.all.requests.WithLabelValues(t.tenant, endpoint, code).Inc()
	if status != 0 {
		t.all.requestTook.WithLabelValues(endpoint).Observe(took.Seconds())
	}
}

// Waited counts a wait.
func (t *TenantCounters) Waited(endpoint string, d time.Duration) {
	t.all.waits.WithLabelValues(t.tenant, endpoint).Add(d.Seconds())
}

// Ran counts a run and what it has stored.
func (t *TenantCounters) Ran(e schedule.Ended) {
	t.all.runs.WithLabelValues(t.tenant, e.Endpoint, e.Result).Inc()
	t.all.runTook.WithLabelValues(e.Endpoint).Observe(e.Took.Seconds())
	rows := e.Report.Rows
	for outcome, n := range map[string]int64{
		"new": rows.New, "changed": rows.Changed, "unchanged": rows.Unchanged, "rejected": rows.Rejected,
	} {
		t.all.elements.WithLabelValues(t.tenant, e.Endpoint, outcome).Add(float64(n))
	}
	if e.Endpoint == fetch.CallRecords.Name {
		t.all.records.WithLabelValues(t.tenant).Add(float64(e.Report.Details))
	}
	t.all.met(e.Endpoint, e.Strange)
}

// Stored counts a call record that is there now.
func (t *TenantCounters) Stored(after time.Duration) {
	t.all.storedAfter.WithLabelValues(fetch.CallRecords.Name).Observe(after.Seconds())
}

// Notified counts notifications.
func (c *Counters) Notified(outcome notify.Outcome, n int) {
	c.notified.WithLabelValues(string(outcome)).Add(float64(n))
}

// met counts what columns have no room for, in an order that does not depend on
// chance: the first names have a label.
func (c *Counters) met(endpoint string, strange map[mapping.Strange]int) {
	for _, kind := range mapping.Sorted(strange) {
		name := kind.Name(endpoint)
		if kind.Misfit {
			c.misfits.WithLabelValues(endpoint, name).Add(float64(strange[kind]))
		} else {
			c.unknown.WithLabelValues(endpoint, c.label(endpoint, name)).Add(float64(strange[kind]))
		}
	}
}

// label is what an unknown member is called.
func (c *Counters) label(endpoint, member string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members[endpoint] == nil {
		c.members[endpoint] = &mapping.Names{}
	}
	label, _ := c.members[endpoint].Add(member)
	return label
}
