-- Which calling plans ran out of domestic minutes in a month (1,200 a licence)?
SELECT to_char(start_at, 'YYYY-MM')                      AS month,
       usage_country_code                                AS country,
       count(DISTINCT user_id)                           AS licences,
       round(sum(duration_s) / 60.0)                     AS minutes,
       count(DISTINCT user_id) * 1200                    AS allowance,
       round(100 * sum(duration_s) / 60.0 / (count(DISTINCT user_id) * 1200)) AS used_pct
FROM teams.pstn_calls
WHERE license_capability = 'MCOPSTN1'
  AND call_type LIKE 'user\_out%'
  AND destination_context = 'Domestic'
GROUP BY month, usage_country_code
ORDER BY used_pct DESC
LIMIT 3;
