SELECT date_trunc('hour', call_start_at) AS time,
       scenario AS metric,
       count(*) AS value,
       bool_and(is_final) AS is_final
FROM analytics.missed_calls
WHERE $__timeFilter(call_start_at)
  AND tenant_id IN ($tenant)
GROUP BY time, scenario
