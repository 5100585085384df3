SELECT date_trunc('$bucket', hour) AS time,
       trunk_fqdn AS metric,
       sum(network_failures) AS value,
       bool_and(is_final) AS is_final
FROM analytics.direct_routing_health_hourly
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
GROUP BY time, trunk_fqdn
HAVING sum(network_failures) > 0
