-- Who was hard to hear in the last 7 days, over which network and which device?
SELECT e.display_name                                    AS person,
       count(is_poor)                                    AS streams,
       count(*) FILTER (WHERE is_poor)                   AS poor,
       round(100.0 * count(*) FILTER (WHERE is_poor) / nullif(count(is_poor), 0), 1) AS poor_pct,
       mode() WITHIN GROUP (ORDER BY concat_ws(' ', connection_type, nullif(wifi_band, 'unknown'), subnet))
           FILTER (WHERE is_poor)                        AS network,
       mode() WITHIN GROUP (ORDER BY capture_device_name)
           FILTER (WHERE is_poor)                        AS device
FROM (SELECT *,
             greatest(average_round_trip_time_ms / 500, average_jitter_ms / 30, average_packet_loss_rate / 0.1) > 1
                 AS is_poor,
             CASE stream_direction WHEN 'callerToCallee' THEN 'caller' ELSE 'callee' END AS side
      FROM teams.media_streams
      WHERE packet_utilization > 500) s
JOIN teams.media_endpoints USING (tenant_id, call_id, session_index, segment_index, media_index, side)
JOIN teams.segment_media m USING (tenant_id, call_id, session_index, segment_index, media_index)
JOIN teams.segment_endpoints e USING (tenant_id, call_id, session_index, segment_index, side)
JOIN teams.segments g USING (tenant_id, call_id, session_index, segment_index)
WHERE m.label ILIKE '%audio%'
  AND g.start_at >= now() - interval '7 days'
  AND e.identity_tenant_id = tenant_id
GROUP BY e.user_id, e.display_name
ORDER BY poor DESC, poor_pct DESC, person
LIMIT 5;
