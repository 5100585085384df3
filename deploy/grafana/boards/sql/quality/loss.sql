SELECT date_trunc('day', call_start_at) AS time,
       100 * percentile_cont(0.5) WITHIN GROUP (ORDER BY packet_loss) AS "p50",
       100 * percentile_cont(0.95) WITHIN GROUP (ORDER BY packet_loss) AS "p95"
FROM analytics.call_quality_streams
WHERE $__timeFilter(call_start_at)
  AND tenant_id IN ($tenant)
  AND media_kind = 'audio'
GROUP BY time
ORDER BY time
