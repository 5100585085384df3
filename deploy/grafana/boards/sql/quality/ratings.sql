SELECT day AS time,
       what AS metric,
       sum(ratings) AS value,
       bool_and(is_final) AS is_final
FROM analytics.user_feedback_daily
CROSS JOIN LATERAL (
    VALUES ('poor or bad', poor),
           ('better', rated - poor)
) v (what, ratings)
WHERE $__timeFilter(day)
  AND tenant_id IN ($tenant)
GROUP BY day, what
