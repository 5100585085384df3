SELECT to_char(month, 'YYYY-MM') AS month,
       license_capability AS licence,
       usage_country_code AS country,
       destination_context AS context,
       sum(outbound_minutes) AS minutes,
       sum(pool_minutes) AS pool,
       sum(left_minutes) AS "left",
       100.0 * sum(outbound_minutes) / nullif(sum(pool_minutes), 0) AS "used %"
FROM analytics.pstn_pool_usage_monthly
WHERE month >= date_trunc('month', $__timeFrom()::timestamptz)::date
  AND month <= $__timeTo()::timestamptz::date
  AND tenant_id IN ($tenant)
GROUP BY month, license_capability, usage_country_code, destination_context
ORDER BY "used %" DESC NULLS LAST, minutes DESC
LIMIT 15
