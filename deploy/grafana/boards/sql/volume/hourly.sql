SELECT hour AS time,
       provider AS metric,
       sum(attempts) AS value,
       bool_and(is_final) AS is_final
FROM analytics.call_volume_hourly
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
GROUP BY hour, provider
