package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

func metricsHandler(metrics prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 2 * patience})
}

// Labels: the tenant's name, the endpoint's, and sets that are closed. Never an
// id, a host or a text.
var (
	perEndpoint = []string{"tenant", "endpoint"}
	perTenant   = []string{"tenant"}
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("ingestd_"+name, help, labels, nil)
}

// What the ledger says. Instants, not ages, so that an age grows on when nobody
// is left to say it.
var (
	endpointState = describe("endpoint_state",
		"1 for the endpoint's state, 0 for the other eight.", "tenant", "endpoint", "state")
	endpointFlag = describe("endpoint_flag",
		"1 while something is lost (and not acknowledged), parked, expiring or rejected.", "tenant", "endpoint", "flag")
	safeUntil = describe("safe_until_timestamp_seconds",
		"When Microsoft deletes the first thing that is not stored for good, if reading stops now.", perEndpoint...)
	watermark = describe("watermark_timestamp_seconds",
		"Time before which nothing is missing and nothing changes any more.", perEndpoint...)
	lastSuccess = describe("last_success_timestamp_seconds", "End of the last run that succeeded.", perEndpoint...)
	failures    = describe("consecutive_failures", "Failed runs in a row.", perEndpoint...)
	unread      = describe("unread_seconds",
		"Wanted time inside Microsoft's retention that was never read.", perEndpoint...)
	pending = describe("pending_records",
		"Call records that are listed and not stored whole at their newest version.", perTenant...)
	parkedSlots   = describe("parked_slots", "Hours or days that cannot be read and are tried daily.", perEndpoint...)
	parkedRecords = describe("parked_records", "Call records that cannot be read and are tried daily.", perTenant...)
	lostSeconds   = describe("lost_seconds",
		"Time that left Microsoft's retention before it was stored for good.", "tenant", "endpoint", "acknowledged")
	lostRecords = describe("lost_records",
		"Call records that left Microsoft's retention before they were stored whole.", "tenant", "acknowledged")
	openRejects = describe("open_rejects",
		"Elements that are kept raw and not resolved.", "tenant", "endpoint", "stored")
	firstSeen = describe("unknown_member_first_seen_timestamp_seconds",
		"When a member without a column was first served.", "endpoint", "member")
	credentialExpiry = describe("credential_expiry_timestamp_seconds",
		"End of the credential in use, where it is known.", perTenant...)
	subscriptionExpiry = describe("subscription_expiry_timestamp_seconds",
		"End of the subscription to change notifications, renewed at half its life; 0: there is none.", perTenant...)
	lastNotification = describe("last_notification_timestamp_seconds",
		"When a change notification last told a call record; 0: none did.", perTenant...)
	missedNotifications = describe("notifications_missed_timestamp_seconds",
		"When change notifications were last known to be missing; 0: never.", perTenant...)
	clockSkew  = describe("clock_skew_seconds", "Graph's clock minus the local one.", perTenant...)
	staleSince = describe("rollups_stale_since_timestamp_seconds",
		"When the first row was stored that the views of days, hours and months lack; absent if they lack none.")
	poolConns  = describe("database_connections", "Connections to the database: open, in_use or max.", "use")
	poolWaited = describe("database_connection_wait_seconds_total", "Time spent waiting for a connection.")
	databaseUp = describe("database_up", "Whether the database answered when it was asked last.")
	surveyTime = describe("survey_timestamp_seconds", "When the ledger was last surveyed.")
)

// A Survey collects what the ledger says, from the snapshot that the page shows
// as well. While the database is down all but that is absent.
type Survey struct{ source Source }

// NewSurvey makes a collector.
func NewSurvey(source Source) *Survey { return &Survey{source} }

// Describe sends nothing: what there is depends on the configuration.
func (s *Survey) Describe(chan<- *prometheus.Desc) {}

// Collect takes a snapshot.
func (s *Survey) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	snapshot := s.source.Snapshot(ctx)
	c := collection{to}
	c.pool(s.source.Pool())
	c.gauge(databaseUp, number(snapshot.Database.Up))
	if len(snapshot.Tenants) > 0 {
		c.gauge(surveyTime, float64(snapshot.AsOf.Unix()))
	}
	if !snapshot.Database.Up {
		return
	}
	if snapshot.RollupsStaleSince != nil {
		c.gauge(staleSince, float64(snapshot.RollupsStaleSince.Unix()))
	}
	for _, t := range snapshot.Tenants {
		c.tenant(t)
	}
	for _, m := range snapshot.UnknownMembers {
		c.gauge(firstSeen, float64(m.FirstSeenAt.Unix()), m.Endpoint, m.Member)
	}
}

// never is the instant of what never was.
var never = time.Unix(0, 0)

// A collection sends gauges.
type collection struct{ to chan<- prometheus.Metric }

func (c collection) gauge(d *prometheus.Desc, value float64, labels ...string) {
	c.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (c collection) pool(p store.Pool) {
	for use, n := range map[string]int{"open": p.Open, "in_use": p.InUse, "max": p.Max} {
		c.gauge(poolConns, float64(n), use)
	}
	c.to <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, p.Waited.Seconds())
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (c collection) tenant(t health.Tenant) {
	var listed, parked, lost, acknowledged int
	for _, e := range t.Endpoints {
		c.endpoint(t.Name, e)
		listed, parked = listed+e.PendingRecords, parked+e.ParkedRecords
		lost, acknowledged = lost+e.LostRecords, acknowledged+e.AcknowledgedRecords
	}
	c.gauge(pending, float64(listed), t.Name)
	c.gauge(parkedRecords, float64(parked), t.Name)
	c.gauge(lostRecords, float64(lost), t.Name, "false")
	c.gauge(lostRecords, float64(acknowledged), t.Name, "true")
	if t.Credential.EndsAt != nil {
		c.gauge(credentialExpiry, float64(t.Credential.EndsAt.Unix()), t.Name)
	}
	if s := t.Subscription; s != nil {
		for desc, at := range map[*prometheus.Desc]*time.Time{
			subscriptionExpiry: s.ExpiresAt, lastNotification: s.NotifiedAt, missedNotifications: s.MissedAt,
		} {
			if at == nil {
				at = &never
			}
			c.gauge(desc, float64(at.Unix()), t.Name)
		}
	}
	if t.ClockSkew != nil {
		c.gauge(clockSkew, *t.ClockSkew, t.Name)
	}
}

func (c collection) endpoint(tenant string, e health.Endpoint) {
	for _, s := range states {
		c.gauge(endpointState, number(s.State == e.State), tenant, e.Name, string(s.State))
	}
	for f := range flags {
		c.gauge(endpointFlag, number(slices.Contains(e.Flags, f)), tenant, e.Name, string(f))
	}
	for desc, at := range map[*prometheus.Desc]*time.Time{
		safeUntil: e.SafeUntil, watermark: e.CompleteUntil, lastSuccess: e.LastSuccessAt,
	} {
		if at != nil {
			c.gauge(desc, float64(at.Unix()), tenant, e.Name)
		}
	}
	c.gauge(failures, float64(e.Failures), tenant, e.Name)
	c.gauge(unread, float64(e.Unread), tenant, e.Name)
	c.gauge(parkedSlots, float64(e.ParkedSlots), tenant, e.Name)
	c.gauge(lostSeconds, float64(e.Lost), tenant, e.Name, "false")
	c.gauge(lostSeconds, float64(e.Acknowledged), tenant, e.Name, "true")
	c.gauge(openRejects, float64(e.OpenRejects), tenant, e.Name, "false")
	c.gauge(openRejects, float64(e.StoredRejects), tenant, e.Name, "true")
}
