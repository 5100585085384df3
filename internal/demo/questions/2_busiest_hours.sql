-- When is the phone busiest on working days (UTC), and how many calls come in?
SELECT extract(hour FROM start_at AT TIME ZONE 'UTC')::int  AS hour,
       count(*)                                             AS calls,
       count(*) FILTER (WHERE call_type LIKE '%\_in%')      AS inbound,
       count(DISTINCT user_id)                              AS people,
       round(avg(duration_s) FILTER (WHERE duration_s > 0)) AS avg_seconds
FROM teams.pstn_calls
WHERE extract(isodow FROM start_at AT TIME ZONE 'UTC') <= 5
GROUP BY hour
ORDER BY calls DESC
LIMIT 5;
