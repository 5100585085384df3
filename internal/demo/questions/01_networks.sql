-- Over which network did people hear each other badly in the last 7 days?
SELECT site,
       subnet,
       sum(streams)                                              AS streams,
       round(100.0 * sum(poor) / nullif(sum(good + poor), 0), 1) AS poor_pct,
       round(max(jitter_avg_ms))                                 AS worst_jitter_ms
FROM analytics.network_subnet_quality_daily
WHERE day >= current_date - 7
  AND media_kind = 'audio'
  AND site IS NOT NULL
GROUP BY site, subnet
ORDER BY poor_pct DESC, streams DESC
LIMIT 5;
