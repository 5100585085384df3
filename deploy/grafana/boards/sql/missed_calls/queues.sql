SELECT c.organizer_display_name AS queue,
       count(*) AS calls,
       count(*) FILTER (WHERE i.missed) AS missed,
       100.0 * count(*) FILTER (WHERE i.missed) / count(*) AS "missed %",
       percentile_cont(0.5) WITHIN GROUP (ORDER BY i.wait_s) AS "wait p50 s",
       percentile_cont(0.95) WITHIN GROUP (ORDER BY i.wait_s) AS "wait p95 s"
FROM analytics.inbound_calls i
JOIN analytics.calls c USING (tenant_id, call_id)
WHERE $__timeFilter(i.call_start_at)
  AND $__timeFilter(c.start_at)
  AND i.tenant_id IN ($tenant)
  AND i.scenario = 'voice_app'
  AND i.callee_identity_id IS NOT NULL
GROUP BY i.tenant_id, i.callee_identity_id, c.organizer_display_name
ORDER BY missed DESC, calls DESC
LIMIT 15
