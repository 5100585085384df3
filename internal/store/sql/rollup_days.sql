-- The days that notes are about, the newest first.
SELECT DISTINCT day
FROM rollup.stale_days
ORDER BY day DESC
