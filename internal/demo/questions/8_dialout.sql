-- Do the dial-out report and the log of calls agree on what conferences cost?
WITH report AS (
    SELECT window_from::date AS day, currency, sum(total_calls) AS calls, sum(total_call_charge) AS cost
    FROM teams.dialout_report
    GROUP BY 1, 2
), log AS (
    SELECT start_at::date AS day, currency, count(*) AS calls, sum(charge + coalesce(connection_charge, 0)) AS cost
    FROM teams.pstn_calls
    WHERE call_type = 'conf_out'
    GROUP BY 1, 2
)
SELECT currency,
       sum(report.calls)                                 AS calls_reported,
       sum(log.calls)                                    AS calls_logged,
       sum(report.cost)                                  AS cost_reported,
       sum(log.cost)                                     AS cost_logged
FROM report
JOIN log USING (day, currency)
WHERE day BETWEEN current_date - 33 AND current_date - 4
GROUP BY currency
ORDER BY calls_reported DESC
LIMIT 4;
