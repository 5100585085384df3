SELECT day AS time,
       scenario AS metric,
       100.0 * sum(missed) / nullif(sum(missed + answered), 0) AS value,
       bool_and(is_final) AS is_final
FROM analytics.missed_calls_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
GROUP BY day, scenario
