SELECT to_char(f.day, 'YYYY-MM-DD') AS day,
       f.severity,
       u.display_name AS person,
       f.rule,
       f.detail
FROM analytics.fraud_signals_daily f
LEFT JOIN analytics.users u USING (tenant_id, user_id)
WHERE $__timeFilter(f.day)
  AND f.tenant_id IN ($tenant)
ORDER BY f.day DESC, array_position(ARRAY['critical', 'major', 'high', 'moderate', 'low'], f.severity), f.rule
LIMIT 50
