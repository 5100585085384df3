-- Which trunk failed, on which day, and why?
SELECT trunk_fqdn                                                AS trunk,
       day,
       sum(calls)                                                AS failed,
       sip_code || '/' || ms_subcode                             AS code,
       blame,
       meaning
FROM analytics.direct_routing_failures_hourly
WHERE hour >= now() - interval '14 days'
  AND outcome = 'network_failure'
GROUP BY trunk_fqdn, day, sip_code, ms_subcode, blame, meaning
ORDER BY failed DESC, trunk, code
LIMIT 5;
