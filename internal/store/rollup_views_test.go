package store_test

import (
	"testing"

	"ingestd/internal/store/storetest"
)

// countViews are rollups of every endpoint that count rows.
const countViews = `
CREATE VIEW live.calls_daily AS
SELECT x.tenant_id, d.day, x.source, x.calls, x.n
FROM ref.days d
CROSS JOIN LATERAL (
	SELECT tenant_id, 'records' AS source, count(*) AS calls, sum(session_count) AS n
	FROM teams.call_records
	WHERE start_at >= d.from_at AND start_at < d.to_at AND details_version IS NOT NULL
	GROUP BY 1
	UNION ALL
	SELECT tenant_id, 'pstn', count(*), sum(duration_s)
	FROM teams.pstn_calls
	WHERE start_at >= d.from_at AND start_at < d.to_at
	GROUP BY 1
) AS x;
CREATE TABLE rollup.calls_daily AS TABLE live.calls_daily WITH NO DATA;
INSERT INTO rollup.views VALUES ('calls_daily', '{call_records,pstn_calls}');

CREATE VIEW live.utc_daily AS
SELECT x.tenant_id, d.day, x.source, x.calls, x.n
FROM ref.days d
CROSS JOIN LATERAL (
	SELECT tenant_id, 'd' AS source, count(*) AS calls, sum(total_calls) AS n
	FROM teams.dialout_report
	WHERE window_from >= d.day::timestamp AT TIME ZONE 'UTC' AND window_from < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
	GROUP BY 1
	UNION ALL
	SELECT tenant_id, 'r' AS source, count(*) AS calls, sum(duration_s) AS n
	FROM teams.direct_routing_calls
	WHERE coalesce(invite_at, start_at) >= d.day::timestamp AT TIME ZONE 'UTC'
		AND coalesce(invite_at, start_at) < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
	GROUP BY 1
	UNION ALL
	SELECT tenant_id, 's' AS source, count(*) AS calls, sum(sms_units) AS n
	FROM teams.sms_messages
	WHERE sent_at >= d.day::timestamp AT TIME ZONE 'UTC' AND sent_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
	GROUP BY 1
	UNION ALL
	SELECT tenant_id, 'b' AS source, count(*) AS calls, sum(length(block_reason)) AS n
	FROM teams.pstn_blocked_users_log
	WHERE block_at >= d.day::timestamp AT TIME ZONE 'UTC' AND block_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
	GROUP BY 1
) AS x;
CREATE TABLE rollup.utc_daily AS TABLE live.utc_daily WITH NO DATA;
INSERT INTO rollup.views
VALUES ('utc_daily', '{direct_routing_calls,sms_messages,dialout_report,pstn_blocked_users_log}', true);
`

func rollupURL(t *testing.T) string {
	t.Helper()
	url := storetest.URL(t)
	if _, err := storetest.Conn(t, url).Exec(t.Context(), countViews); err != nil {
		t.Fatal(err)
	}
	return url
}
