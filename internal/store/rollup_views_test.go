package store_test

import (
	"testing"

	"ingestd/internal/store/storetest"
)

const tmpViews = `
CREATE VIEW live.pstn_cost_daily AS
SELECT x.tenant_id, d.day, x.currency, x.calls, x.duration_s FROM ref.days d CROSS JOIN LATERAL (
 SELECT tenant_id, currency, count(*) AS calls, sum(duration_s) AS duration_s FROM teams.pstn_calls WHERE start_at >= d.from_at AND start_at < d.to_at GROUP BY 1, 2) x;
CREATE TABLE rollup.pstn_cost_daily AS SELECT * FROM live.pstn_cost_daily LIMIT 0;
INSERT INTO rollup.views VALUES ('pstn_cost_daily', '{pstn_calls}');
CREATE VIEW live.calls_daily AS
SELECT x.tenant_id, d.day, x.calls, x.sessions FROM ref.days d CROSS JOIN LATERAL (
 SELECT tenant_id, count(*) AS calls, sum(session_count) AS sessions FROM teams.call_records WHERE start_at >= d.from_at AND start_at < d.to_at AND details_version IS NOT NULL GROUP BY 1) x;
CREATE TABLE rollup.calls_daily AS SELECT * FROM live.calls_daily LIMIT 0;
INSERT INTO rollup.views VALUES ('calls_daily', '{call_records}');
CREATE VIEW live.utc_daily AS
SELECT x.tenant_id, d.day, x.source, x.calls, x.n FROM ref.days d CROSS JOIN LATERAL (
 SELECT tenant_id, 'd' AS source, count(*) AS calls, sum(total_calls) AS n FROM teams.dialout_report WHERE window_from >= d.day::timestamp AT TIME ZONE 'UTC' AND window_from < (d.day+1)::timestamp AT TIME ZONE 'UTC' GROUP BY 1
 UNION ALL
 SELECT tenant_id, 'r', count(*), sum(duration_s) FROM teams.direct_routing_calls WHERE coalesce(invite_at, start_at) >= d.day::timestamp AT TIME ZONE 'UTC' AND coalesce(invite_at, start_at) < (d.day+1)::timestamp AT TIME ZONE 'UTC' GROUP BY 1
 UNION ALL
 SELECT tenant_id, 's', count(*), sum(sms_units) FROM teams.sms_messages WHERE sent_at >= d.day::timestamp AT TIME ZONE 'UTC' AND sent_at < (d.day+1)::timestamp AT TIME ZONE 'UTC' GROUP BY 1
 UNION ALL
 SELECT tenant_id, 'b', count(*), 0 FROM teams.pstn_blocked_users_log WHERE block_at >= d.day::timestamp AT TIME ZONE 'UTC' AND block_at < (d.day+1)::timestamp AT TIME ZONE 'UTC' GROUP BY 1
) x;
CREATE TABLE rollup.utc_daily AS SELECT * FROM live.utc_daily LIMIT 0;
INSERT INTO rollup.views VALUES ('utc_daily', '{direct_routing_calls,sms_messages,dialout_report,pstn_blocked_users_log}', true);
`

func rollupURL(t *testing.T) string {
	url := storetest.URL(t)
	if _, err := storetest.Conn(t, url).Exec(t.Context(), tmpViews); err != nil {
		t.Fatal(err)
	}
	return url
}
