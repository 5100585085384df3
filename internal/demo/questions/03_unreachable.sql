-- Whom can nobody reach?
SELECT u.display_name                                            AS person,
       sum(m.inbound)                                            AS calls,
       sum(m.missed)                                             AS missed,
       round(100.0 * sum(m.missed) / nullif(sum(m.missed + m.answered), 0)) AS missed_pct
FROM analytics.missed_calls_daily m
JOIN analytics.users u USING (tenant_id, user_id)
WHERE m.day >= current_date - 14
GROUP BY m.tenant_id, m.user_id, u.display_name
HAVING sum(m.inbound) >= 5
ORDER BY missed_pct DESC, missed DESC
LIMIT 5;
