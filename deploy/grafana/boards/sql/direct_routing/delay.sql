SELECT date_trunc('$bucket', hour) AS time,
       what AS metric,
       sum(delay_s * answered) / sum(answered) AS value,
       bool_and(is_final) AS is_final
FROM analytics.direct_routing_health_hourly
CROSS JOIN LATERAL (
    VALUES ('p50', answer_delay_p50_s),
           ('p95', answer_delay_p95_s)
) v (what, delay_s)
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
  AND direction = 'outbound'
  AND answered > 0
GROUP BY time, what
