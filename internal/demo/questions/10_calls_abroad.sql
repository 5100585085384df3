-- Which countries did we call most in the last 30 days, and what did it cost?
SELECT destination_name                                          AS country,
       currency,
       sum(calls)                                                AS calls,
       sum(minutes)                                              AS minutes,
       sum(total_cost)                                           AS cost
FROM analytics.pstn_cost_daily
WHERE day >= current_date - 30
  AND direction = 'outbound'
  AND destination_context = 'International'
GROUP BY destination_name, currency
ORDER BY minutes DESC
LIMIT 5;
