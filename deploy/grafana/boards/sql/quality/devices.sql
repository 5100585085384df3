SELECT device,
       sum(streams) AS streams,
       sum(poor_pct * streams) / sum(streams) FILTER (WHERE poor_pct IS NOT NULL) AS "poor %",
       sum(mic_glitch_rate * streams) / sum(streams) FILTER (WHERE mic_glitch_rate IS NOT NULL) AS "glitches in 5 min",
       sum(howling_events) AS "howling"
FROM analytics.device_quality_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
  AND role = 'capture'
GROUP BY device
HAVING sum(streams) >= 100
ORDER BY "glitches in 5 min" DESC NULLS LAST, streams DESC
LIMIT 10
