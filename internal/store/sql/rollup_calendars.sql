-- Has the calendars span all days that are noted and, if $1, those of all rows, to
-- tomorrow. If $2, the time zone has changed, and they are made anew.
WITH zone AS (
	SELECT report_timezone AS name FROM ref.settings
), have AS (
	SELECT min(day) AS first, max(day) AS last FROM ref.days
), want AS (
	SELECT
		least(
			(SELECT first FROM have),
			(SELECT (min(at) AT TIME ZONE zone.name)::date FROM rollup.stale WHERE at >= '2017-01-01Z'),
			CASE WHEN $1 THEN (rollup.first_at() AT TIME ZONE zone.name)::date END,
			(now() AT TIME ZONE zone.name)::date
		) AS first,
		greatest((SELECT last FROM have), (now() AT TIME ZONE zone.name)::date + 1) AS last
	FROM zone
)
SELECT ref.fill_calendars(want.first, want.last)
FROM want
CROSS JOIN have
WHERE $2 OR (want.first, want.last) IS DISTINCT FROM (have.first, have.last)
