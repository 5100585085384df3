package web

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"ingestd/internal/health"
)

// TestAlertsAndDashboardNameMetricsThatExist looks for each name in what
// Prometheus gets.
func TestAlertsAndDashboardNameMetricsThatExist(t *testing.T) {
	t.Parallel()
	s := trouble()
	s.snapshot.Tenants[0].Credential.EndsAt = ptr(now.AddDate(0, 0, 10))
	s.snapshot.Tenants[0].Subscription = &health.Subscription{}
	got := scrape(t, s)
	for _, path := range []string{"../../deploy/prometheus/alerts.yaml", "../../deploy/grafana/ingestion.json"} {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`\bingestd_\w+`).FindAllString(string(file), -1)
		if len(names) == 0 {
			t.Errorf("%s names no metric", path)
		}
		for _, name := range names {
			if !strings.Contains(got, "\n"+name+"{") && !strings.Contains(got, "\n"+name+" ") {
				t.Errorf("%s names %s, which is not served", path, name)
			}
		}
	}
}
