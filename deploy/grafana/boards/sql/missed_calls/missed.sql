SELECT sum(missed) AS missed
FROM analytics.missed_calls_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
