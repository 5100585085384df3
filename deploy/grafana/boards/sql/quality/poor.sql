SELECT day AS time,
       replace(media_kind, 'vbss', 'screen') || ' ' || call_kind AS metric,
       100.0 * sum(poor) / nullif(sum(good + poor), 0) AS value,
       bool_and(is_final) AS is_final
FROM analytics.poor_stream_rate_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
  AND media_kind <> 'data'
GROUP BY day, media_kind, call_kind
