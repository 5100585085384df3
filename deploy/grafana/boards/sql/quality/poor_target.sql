SELECT day AS time,
       'target ' || call_kind AS metric,
       max(target_pct) AS value
FROM analytics.poor_stream_rate_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
  AND media_kind = 'audio'
GROUP BY day, call_kind
ORDER BY day, metric
