SELECT destination_name AS country,
       destination_context AS context,
       currency,
       sum(calls) AS calls,
       sum(minutes) AS minutes,
       sum(total_cost) AS cost
FROM analytics.pstn_cost_daily
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
  AND direction = 'outbound'
GROUP BY destination_name, destination_context, currency
ORDER BY cost DESC NULLS LAST, minutes DESC
LIMIT 15
