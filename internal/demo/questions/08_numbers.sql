-- Which numbers does nobody use?
SELECT number,
       user_id
FROM analytics.number_usage
WHERE is_unused_90d
ORDER BY number
LIMIT 8;
