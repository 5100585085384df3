-- Final days of the month in which the time range ends, and as much for each of the others.
SELECT currency,
       sum(total_cost) / count(DISTINCT day)
           * extract(day FROM date_trunc('month', $__timeTo()::timestamptz) + interval '1 month - 1 day') AS cost
FROM analytics.pstn_cost_daily
WHERE day >= date_trunc('month', $__timeTo()::timestamptz)::date
  AND day <= $__timeTo()::timestamptz::date
  AND tenant_id IN ($tenant)
  AND currency IS NOT NULL
  AND is_final
GROUP BY currency
ORDER BY cost DESC
