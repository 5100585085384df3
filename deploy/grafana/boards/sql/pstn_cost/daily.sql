SELECT day AS time,
       provider || ' ' || currency AS metric,
       sum(total_cost) AS value,
       bool_and(is_final) AS is_final
FROM analytics.pstn_cost_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
  AND currency IS NOT NULL
GROUP BY day, provider, currency
