-- Which countries did we call most in the last 30 days, and what did it cost?
SELECT destination_name                                  AS country,
       currency,
       count(*)                                          AS calls,
       round(sum(duration_s) / 60.0, 1)                  AS minutes,
       sum(charge + coalesce(connection_charge, 0))      AS cost
FROM teams.pstn_calls
WHERE destination_context = 'International'
  AND call_type LIKE '%\_out%'
  AND start_at >= now() - interval '30 days'
GROUP BY destination_name, currency
ORDER BY minutes DESC
LIMIT 5;
