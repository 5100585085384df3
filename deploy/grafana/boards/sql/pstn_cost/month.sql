-- The month in which the time range ends.
SELECT currency,
       sum(total_cost) AS cost
FROM analytics.pstn_cost_daily
WHERE day >= date_trunc('month', $__timeTo()::timestamptz)::date
  AND day <= $__timeTo()::timestamptz::date
  AND tenant_id IN ($tenant)
  AND currency IS NOT NULL
GROUP BY currency
ORDER BY cost DESC
