-- Which notes of rollup.stale a refresh may use. Where rows lie on other nodes, a note
-- may be seen before them: there this function is replaced.
CREATE FUNCTION rollup.ripe_before() RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE
RETURN '18446744073709551615'::xid8;

COMMENT ON FUNCTION rollup.ripe_before() IS 'The transaction from which on a refresh of the rollups leaves notes for later, as rows that they are about may not be seen yet: none here, on Citus ingest.feed_horizon().';

CREATE OR REPLACE VIEW rollup.stale_days AS
SELECT s.at, d.day
FROM (
    SELECT DISTINCT at
    FROM rollup.stale
    WHERE at BETWEEN '2000-01-01Z' AND '9999-12-31Z' -- with others one may not reckon
        AND note_xid < (SELECT rollup.ripe_before())
) AS s
JOIN ref.days d ON d.from_at < s.at + interval '70 minutes' AND d.to_at > s.at - interval '10 minutes'
    AND d.from_at > s.at - interval '26 hours'; -- follows from the line above, for the index

UPDATE ingest.schema_version SET version = 19;
