-- What is otherwise on Citus. It is put in place after each migration, which may have
-- made it anew.

-- A transaction commits here before its rows can be seen on the other nodes. Until
-- Citus has seen to that, it keeps a row in pg_dist_transaction that the transaction
-- wrote: its xmin is the lower half of the transaction's number.
CREATE OR REPLACE FUNCTION ingest.feed_horizon() RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
	SELECT least(
		pg_snapshot_xmin(pg_current_snapshot()),
		(
			SELECT min(next - ((next - t.xmin::text::bigint) & 4294967295))
			FROM pg_dist_transaction t
			CROSS JOIN (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) AS now
		)::text::xid8
	)
$$;

-- A note of hours may be seen before the rows that it is about.
CREATE OR REPLACE FUNCTION rollup.ripe_before() RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE
AS 'SELECT ingest.feed_horizon()';

-- A query about one tenant goes to its node as a whole, with what is asked in
-- sub-selects, unless they read a table of the coordinator. Tenants meet by =, or else
-- Citus does not know that their rows lie together.
DO $$
DECLARE
	v record;
	text_of text;
BEGIN
	FOR v IN
		SELECT *
		FROM (VALUES
			('analytics.change_feed', 'ingest\.feed_(horizon|epoch)\(\) AS \w+', '\& FROM ingest.schema_version'),
			('live.pstn_matches', 'NOT \(?(c\.tenant_id) IS DISTINCT FROM (p\.tenant_id)\)?', '\1 = \2')
		) AS replaced (name, old, new)
	LOOP
		text_of := pg_get_viewdef(v.name::regclass);
		IF position(' FROM ingest.schema_version' IN text_of) = 0 THEN
			EXECUTE format('CREATE OR REPLACE VIEW %s AS %s', v.name, regexp_replace(text_of, v.old, v.new, 'g'));
		END IF;
	END LOOP;
END $$;
