SELECT date_trunc('day', call_start_at) AS time,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY rtt_ms) AS "round trip p50",
       percentile_cont(0.95) WITHIN GROUP (ORDER BY rtt_ms) AS "round trip p95",
       percentile_cont(0.5) WITHIN GROUP (ORDER BY jitter_ms) AS "jitter p50",
       percentile_cont(0.95) WITHIN GROUP (ORDER BY jitter_ms) AS "jitter p95"
FROM analytics.call_quality_streams
WHERE $__timeFilter(call_start_at)
  AND tenant_id IN ($tenant)
  AND media_kind = 'audio'
GROUP BY time
ORDER BY time
