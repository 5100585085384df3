-- Reports whether there is something to refresh: a note, a list that has changed, or
-- a day to come that the calendars lack.
SELECT EXISTS (SELECT 1 FROM rollup.stale WHERE at < now())
	OR EXISTS (
		SELECT 1
		FROM rollup.lists
		LEFT JOIN rollup.digests d USING (list)
		WHERE lists.digest IS DISTINCT FROM d.digest
	)
	OR NOT EXISTS (SELECT 1 FROM ref.days WHERE from_at > now())
