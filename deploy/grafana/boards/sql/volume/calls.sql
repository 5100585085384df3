SELECT sum(attempts) AS calls
FROM analytics.call_volume_hourly
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
