SELECT date_trunc('$bucket', hour) AS time,
       scope AS metric,
       max(peak) AS value,
       bool_and(is_final) AS is_final
FROM analytics.concurrent_calls_hourly
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
  AND scope_type = 'trunk'
GROUP BY time, scope
