SELECT date_trunc('day', start_at) AS time,
       CASE call_kind WHEN 'p2p' THEN 'calls of two' ELSE 'meetings and group calls' END AS metric,
       count(*) AS value,
       bool_and(is_final) AS is_final
FROM analytics.calls
WHERE $__timeFilter(start_at)
  AND tenant_id IN ($tenant)
GROUP BY time, call_kind
