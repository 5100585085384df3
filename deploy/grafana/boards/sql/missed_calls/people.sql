SELECT u.display_name AS person,
       sum(m.inbound) AS calls,
       sum(m.missed) AS missed,
       100.0 * sum(m.missed) / nullif(sum(m.missed + m.answered), 0) AS "missed %"
FROM analytics.missed_calls_daily m
LEFT JOIN analytics.users u USING (tenant_id, user_id)
WHERE $__timeFilter(m.day)
  AND m.tenant_id IN ($tenant)
  AND m.user_id IS NOT NULL
GROUP BY m.tenant_id, m.user_id, u.display_name
HAVING sum(m.inbound) >= 5
ORDER BY "missed %" DESC NULLS LAST, missed DESC
LIMIT 15
