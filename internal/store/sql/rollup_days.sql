-- The days that notes are about, the newest first, without days $1.
SELECT DISTINCT day
FROM rollup.stale_days
WHERE (day = ANY ($1::date[])) IS NOT TRUE
ORDER BY day DESC
