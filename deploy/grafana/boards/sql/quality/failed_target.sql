SELECT day AS time,
       'target ' || what || ' ' || call_kind AS metric,
       max(target) AS value
FROM analytics.call_reliability_daily
CROSS JOIN LATERAL (
    VALUES ('set-up failed', setup_failure_target_pct),
           ('dropped', drop_target_pct)
) v (what, target)
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
GROUP BY day, call_kind, what
ORDER BY day, metric
