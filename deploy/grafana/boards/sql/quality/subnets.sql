SELECT site,
       subnet,
       public_ip AS "public address",
       connection_type AS connection,
       sum(streams) AS streams,
       100.0 * sum(poor) / nullif(sum(good + poor), 0) AS "poor %",
       sum(rtt_avg_ms * streams) / sum(streams) FILTER (WHERE rtt_avg_ms IS NOT NULL) AS "round trip ms",
       sum(jitter_avg_ms * streams) / sum(streams) FILTER (WHERE jitter_avg_ms IS NOT NULL) AS "jitter ms"
FROM analytics.network_subnet_quality_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
  AND media_kind = 'audio'
GROUP BY site, subnet, public_ip, connection_type
HAVING sum(streams) >= 100
ORDER BY "poor %" DESC NULLS LAST, streams DESC
LIMIT 10
