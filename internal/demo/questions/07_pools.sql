-- Which pool of domestic minutes ran out in a month?
SELECT month,
       usage_country_code                                        AS country,
       license_capability                                        AS licence,
       round(outbound_minutes)                                   AS minutes,
       pool_minutes,
       used_pct
FROM analytics.pstn_pool_usage_monthly
WHERE pool_minutes IS NOT NULL
ORDER BY used_pct DESC
LIMIT 3;
