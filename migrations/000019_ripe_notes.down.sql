CREATE OR REPLACE VIEW rollup.stale_days AS
SELECT s.at, d.day
FROM (
    SELECT DISTINCT at
    FROM rollup.stale
    WHERE at BETWEEN '2000-01-01Z' AND '9999-12-31Z' -- with others one may not reckon
) AS s
JOIN ref.days d ON d.from_at < s.at + interval '70 minutes' AND d.to_at > s.at - interval '10 minutes'
    AND d.from_at > s.at - interval '26 hours'; -- follows from the line above, for the index

DROP FUNCTION rollup.ripe_before();

UPDATE ingest.schema_version SET version = 18;
