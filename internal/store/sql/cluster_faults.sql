-- What is wrong with Citus' nodes, and what to do.
SELECT format('node %s:%s is not active', nodename, nodeport),
	format('SELECT citus_activate_node(%L, %s)', nodename, nodeport)
FROM pg_dist_node
WHERE noderole = 'primary' AND NOT isactive
UNION ALL
SELECT format('node %s cannot be asked', nodeid), 'see its log, and SELECT * FROM citus_check_cluster_node_health()'
FROM run_command_on_all_nodes('SELECT 1')
WHERE NOT success
UNION ALL
SELECT format('node %s has %s prepared transactions older than a minute, which hold the feed back', nodeid, result),
	'SELECT recover_prepared_transactions()'
FROM run_command_on_all_nodes($$
	SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'citus%' AND prepared < now() - interval '1 minute'$$)
WHERE success AND result <> '0'
UNION ALL
SELECT format('on node %s sessions of this role wait for locks without end', nodeid),
	format('ALTER ROLE %I SET lock_timeout = ''30s'' (on that node)', current_user)
FROM run_command_on_all_nodes($$SELECT current_setting('lock_timeout')$$)
WHERE success AND result = '0'
