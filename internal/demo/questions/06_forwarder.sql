-- Who forwards calls abroad, and was somebody blocked for it?
SELECT t.user_display_name                                       AS person,
       t.external_country                                        AS country,
       count(*)                                                  AS calls,
       min(t.attempt_at)::date                                   AS first_on,
       max(t.attempt_at)::date                                   AS last_on,
       sum(t.total_cost) || ' ' || min(t.currency)               AS cost,
       (SELECT max(f.day)
        FROM analytics.fraud_signals_daily f
        WHERE f.tenant_id = t.tenant_id
          AND f.user_id = t.user_id
          AND f.rule = 'F6')                                     AS blocked_on
FROM analytics.telephony_calls t
WHERE t.attempt_at >= now() - interval '30 days'
  AND t.scenario = 'user_forward'
  AND t.is_international
GROUP BY t.tenant_id, t.user_id, t.user_display_name, t.external_country
ORDER BY calls DESC
LIMIT 3;
