-- What Citus says of itself here: its version, the number of this node (0: the
-- coordinator), whether the coordinator is known to the others, and how many nodes
-- take rows.
SELECT substring(citus_version() FROM '[0-9]+')::int,
	(SELECT groupid FROM pg_dist_local_group),
	EXISTS (SELECT 1 FROM pg_dist_node WHERE groupid = 0),
	(SELECT count(*) FROM pg_dist_node WHERE noderole = 'primary' AND isactive AND shouldhaveshards)
