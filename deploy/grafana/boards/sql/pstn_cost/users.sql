-- The months that the time range touches, each whole.
SELECT u.display_name AS person,
       m.department,
       m.currency,
       sum(m.calls) AS calls,
       sum(m.minutes_out) AS "minutes out",
       sum(m.minutes_international_out) AS "minutes abroad",
       sum(m.minutes_forwarded) AS "minutes forwarded",
       sum(m.total_cost) AS cost
FROM analytics.phone_minutes_monthly m
LEFT JOIN analytics.users u USING (tenant_id, user_id)
WHERE m.month >= date_trunc('month', $__timeFrom()::timestamptz)::date
  AND m.month <= $__timeTo()::timestamptz::date
  AND m.tenant_id IN ($tenant)
  AND m.currency IS NOT NULL
GROUP BY m.tenant_id, m.user_id, u.display_name, m.department, m.currency
ORDER BY cost DESC NULLS LAST
LIMIT 15
