SELECT scenario,
       reason,
       count(*) AS calls,
       count(*) FILTER (WHERE went_to_voicemail) AS voicemail,
       count(*) FILTER (WHERE is_short) AS "given up at once",
       avg(ring_s) AS "rang s"
FROM analytics.missed_calls
WHERE $__timeFilter(call_start_at)
  AND tenant_id IN ($tenant)
GROUP BY scenario, reason
ORDER BY calls DESC
LIMIT 15
