SELECT usage_location AS location,
       currency,
       sum(report_calls) AS "calls reported",
       sum(log_calls) AS "calls logged",
       sum(diff_calls) AS "calls apart",
       sum(report_charge) AS "cost reported",
       sum(diff_cost) AS "cost apart"
FROM analytics.dialout_reconciliation
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
GROUP BY usage_location, currency
ORDER BY abs(sum(diff_cost)) DESC NULLS LAST, "cost reported" DESC NULLS LAST
LIMIT 15
