SELECT 100.0 * sum(answered) / nullif(sum(attempts), 0) AS answered
FROM analytics.call_volume_hourly
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
