SELECT 100.0 * sum(missed) / nullif(sum(missed + answered), 0) AS missed
FROM analytics.missed_calls_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
