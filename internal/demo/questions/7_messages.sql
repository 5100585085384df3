-- What do text messages cost, by country and direction, in the last 30 days?
SELECT user_country_code                                 AS country,
       sms_type                                          AS direction,
       count(*)                                          AS messages,
       sum(sms_units)                                    AS units,
       sum(call_charge) || ' ' || min(currency)          AS charge
FROM teams.sms_messages
WHERE sent_at >= now() - interval '30 days'
GROUP BY user_country_code, sms_type, currency
ORDER BY messages DESC
LIMIT 5;
