SELECT day AS time,
       scenario AS metric,
       sum(missed) AS value,
       bool_and(is_final) AS is_final
FROM analytics.missed_calls_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
GROUP BY day, scenario
