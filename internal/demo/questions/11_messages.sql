-- What did text messages cost in the last 30 days?
SELECT direction,
       destination_context                                       AS context,
       sum(messages)                                             AS messages,
       sum(units)                                                AS units,
       sum(charge) || ' ' || currency                            AS charge
FROM analytics.sms_usage_daily
WHERE day >= current_date - 30
GROUP BY direction, destination_context, currency
ORDER BY messages DESC
LIMIT 5;
