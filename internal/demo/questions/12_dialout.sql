-- Do the dial-out report and the log of calls agree on what conferences cost?
SELECT currency,
       sum(report_calls)                                         AS calls_reported,
       sum(log_calls)                                            AS calls_logged,
       sum(report_charge)                                        AS cost_reported,
       sum(log_charge)                                           AS cost_logged
FROM analytics.dialout_reconciliation
WHERE day BETWEEN current_date - 33 AND current_date - 4
GROUP BY currency
ORDER BY calls_reported DESC NULLS LAST
LIMIT 4;
