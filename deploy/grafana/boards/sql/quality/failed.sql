SELECT day AS time,
       what || ' ' || call_kind AS metric,
       100.0 * sum(bad) / nullif(sum(of), 0) AS value,
       bool_and(is_final) AS is_final
FROM analytics.call_reliability_daily
CROSS JOIN LATERAL (
    VALUES ('set-up failed', setup_failed, segments),
           ('dropped', dropped, segments - setup_failed)
) v (what, bad, of)
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
GROUP BY day, call_kind, what
