SELECT sum(duration_s) AS talked
FROM analytics.call_volume_hourly
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
