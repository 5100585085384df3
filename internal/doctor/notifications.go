package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/notify"
)

// webhook asks the address that Graph sends notifications to as Graph does. What is
// seen from here need not be what Graph sees.
func (s *Subject) webhook(ctx context.Context) []Finding {
	w := s.Config.Notifications.Webhook
	switch {
	case !w.Enabled():
		return nil
	case s.Offline:
		return []Finding{{Area: areaConfig, Status: Skip, What: "notifications.webhook: --offline"}}
	}
	transport := fetch.NewTransport(nil)
	defer transport.CloseIdleConnections()
	if err := notify.Try(ctx, &http.Client{Transport: transport}, w.PublicURL); err != nil {
		const fix = "let requests from the internet through to notifications.webhook.listen, with a certificate " +
			"that is trusted; the daemon has to run"
		return []Finding{{Area: areaConfig, Status: Warn,
			Code: Word(health.NotNotified), What: "notifications.webhook: public_url does not answer " +
				"as it should, seen from here; calls are found by the list alone",
			Evidence: Word(err.Error()), Fix: []string{fix}, First: "open notifications.webhook.public_url"}}
	}
	return []Finding{{Area: areaConfig, Status: OK, What: "notifications.webhook: public_url answers, seen from here"}}
}

// eventHub asks whether the hub that Graph sends notifications to can be read, and
// how many of them wait there.
func (s *Subject) eventHub(ctx context.Context) []Finding {
	f := Finding{Area: areaConfig, Status: OK, What: "notifications.event_hub: the hub can be read, seen from here"}
	switch {
	case s.Hub == nil:
		return nil
	case s.Offline:
		f.Status, f.What = Skip, "notifications.event_hub: --offline"
		return []Finding{f}
	}
	err := s.Hub.Try(ctx)
	if err == nil {
		var n int64
		n, err = s.Hub.Waiting(ctx)
		f.What += fmt.Sprintf("; %d messages wait for consumer group %s", n, s.Hub.Group)
	}
	if err != nil {
		f.Status, f.Code, f.Evidence = Warn, Word(health.NotNotified), Word(err.Error())
		f.What = "notifications.event_hub: the hub cannot be read, seen from here; calls are found by the list alone"
		f.Fix = []string{"what it says; the daemon tries again every few seconds"}
		f.First = "mend notifications.event_hub"
	}
	return []Finding{f}
}

// quietFor is how long no notification may come until it is worth a word.
const quietFor = 24 * time.Hour

// subscriptions says how those of the tenants stand that are asked for.
func (s *Subject) subscriptions(shot health.Snapshot) (list []Finding) {
	if s.Config.Notifications.URL() == "" {
		return nil
	}
	for _, t := range shot.Tenants {
		if slices.ContainsFunc(s.Tenants, func(c config.Tenant) bool {
			return c.ID == t.ID.String() && c.Endpoints[fetch.CallRecords.Name].Enabled
		}) {
			list = append(list, s.subscription(t))
		}
	}
	return list
}

// subscription says how a tenant's subscription to notifications stands.
func (s *Subject) subscription(t health.Tenant) Finding {
	f := Finding{Area: areaDaemon, Tenant: Word(t.Name), Endpoint: Word(fetch.CallRecords.Name), Status: Warn,
		Code: Word(health.NotNotified)}
	n := t.Subscription
	switch {
	case n == nil:
		f.What, f.First = t.Name+": Graph was never asked for notifications", "start the daemon"
		f.Fix = []string{"systemctl start ingestd"}
	case n.Error != nil:
		f.What, f.Evidence = t.Name+": Graph does not notify; calls are found by the list alone", Word(*n.Error)
		f.First = "mend " + t.Name + "'s subscription"
		f.Fix = []string{"what it says; the daemon tries again every minute"}
	case n.ExpiresAt == nil || n.ExpiresAt.Before(s.Now):
		f.What = t.Name + ": the subscription to notifications has ended"
		f.Fix, f.First = []string{"systemctl start ingestd"}, "start the daemon"
	case n.NotifiedAt == nil || s.Now.Sub(*n.NotifiedAt) > quietFor:
		f.Code, f.Status = "", Note
		f.What = t.Name + ": subscribed until " + s.deadline(*n.ExpiresAt) + "; no notification in 24 hours"
	default:
		f.Code, f.Status = "", OK
		f.What = t.Name + ": subscribed until " + s.deadline(*n.ExpiresAt) + "; last notification " +
			health.Short(max(0, s.Now.Sub(*n.NotifiedAt))) + " ago"
	}
	return f
}
