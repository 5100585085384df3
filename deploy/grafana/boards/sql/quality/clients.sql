SELECT platform,
       product_family AS product,
       application_version AS version,
       sum(sessions) AS sessions,
       sum(streams) AS streams,
       sum(poor_pct * streams) / sum(streams) FILTER (WHERE poor_pct IS NOT NULL) AS "poor %"
FROM analytics.client_quality_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
GROUP BY platform, product_family, application_version
HAVING sum(streams) >= 100
ORDER BY "poor %" DESC NULLS LAST, streams DESC
LIMIT 10
