SELECT trunk_fqdn AS trunk,
       direction,
       sum(calls) AS calls,
       sip_code AS sip,
       ms_subcode AS subcode,
       phrase,
       blame,
       meaning,
       action
FROM analytics.direct_routing_failures_hourly
WHERE $__timeFilter(hour)
  AND tenant_id IN ($tenant)
  AND outcome IN ('network_failure', 'bad_number')
GROUP BY trunk_fqdn, direction, sip_code, ms_subcode, phrase, blame, meaning, action
ORDER BY calls DESC, trunk_fqdn
LIMIT 25
