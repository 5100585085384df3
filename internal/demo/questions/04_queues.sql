-- Which queue loses its callers?
SELECT c.organizer_display_name                                  AS queue,
       count(*)                                                  AS calls,
       count(*) FILTER (WHERE i.missed)                          AS lost,
       round(100.0 * count(*) FILTER (WHERE i.missed) / count(*)) AS lost_pct
FROM analytics.inbound_calls i
JOIN analytics.calls c USING (tenant_id, call_id)
WHERE i.call_start_at >= now() - interval '14 days'
  AND i.scenario = 'voice_app'
  AND i.callee_identity_id IS NOT NULL
GROUP BY i.tenant_id, i.callee_identity_id, c.organizer_display_name
ORDER BY lost DESC, queue
LIMIT 5;
