-- Calls of an average Monday, Tuesday and so on, hour by hour.
SELECT to_char(date '2024-01-01' + day_of_week - 1, 'Dy') AS " ",
       sum(attempts) FILTER (WHERE hour_of_day = 0) / days AS "00",
       sum(attempts) FILTER (WHERE hour_of_day = 1) / days AS "01",
       sum(attempts) FILTER (WHERE hour_of_day = 2) / days AS "02",
       sum(attempts) FILTER (WHERE hour_of_day = 3) / days AS "03",
       sum(attempts) FILTER (WHERE hour_of_day = 4) / days AS "04",
       sum(attempts) FILTER (WHERE hour_of_day = 5) / days AS "05",
       sum(attempts) FILTER (WHERE hour_of_day = 6) / days AS "06",
       sum(attempts) FILTER (WHERE hour_of_day = 7) / days AS "07",
       sum(attempts) FILTER (WHERE hour_of_day = 8) / days AS "08",
       sum(attempts) FILTER (WHERE hour_of_day = 9) / days AS "09",
       sum(attempts) FILTER (WHERE hour_of_day = 10) / days AS "10",
       sum(attempts) FILTER (WHERE hour_of_day = 11) / days AS "11",
       sum(attempts) FILTER (WHERE hour_of_day = 12) / days AS "12",
       sum(attempts) FILTER (WHERE hour_of_day = 13) / days AS "13",
       sum(attempts) FILTER (WHERE hour_of_day = 14) / days AS "14",
       sum(attempts) FILTER (WHERE hour_of_day = 15) / days AS "15",
       sum(attempts) FILTER (WHERE hour_of_day = 16) / days AS "16",
       sum(attempts) FILTER (WHERE hour_of_day = 17) / days AS "17",
       sum(attempts) FILTER (WHERE hour_of_day = 18) / days AS "18",
       sum(attempts) FILTER (WHERE hour_of_day = 19) / days AS "19",
       sum(attempts) FILTER (WHERE hour_of_day = 20) / days AS "20",
       sum(attempts) FILTER (WHERE hour_of_day = 21) / days AS "21",
       sum(attempts) FILTER (WHERE hour_of_day = 22) / days AS "22",
       sum(attempts) FILTER (WHERE hour_of_day = 23) / days AS "23"
FROM (
    SELECT day_of_week,
           hour_of_day,
           sum(attempts) AS attempts
    FROM analytics.call_volume_hourly
    WHERE $__timeFilter(hour)
      AND tenant_id IN ($tenant)
    GROUP BY day_of_week, hour_of_day
) h
JOIN (
    SELECT day_of_week,
           count(*) AS days
    FROM analytics.days
    WHERE $__timeFilter(day)
    GROUP BY day_of_week
) d USING (day_of_week)
GROUP BY day_of_week, days
ORDER BY day_of_week
