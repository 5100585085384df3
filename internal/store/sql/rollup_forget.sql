-- Deletes the notes all of whose days are among $1, or before all calendars. One of a
-- time to come waits for its day.
WITH done AS (
	SELECT DISTINCT at
	FROM rollup.stale s
	WHERE at <= (SELECT max(to_at) - interval '70 minutes' FROM ref.days)
		AND NOT EXISTS (SELECT 1 FROM rollup.stale_days d WHERE d.at = s.at AND d.day <> ALL ($1::date[]))
)
DELETE FROM rollup.stale
USING done
WHERE stale.at = done.at AND note_xid < rollup.ripe_before()
