-- The tables whose rows say in which transaction they changed last.
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('teams', 'ingest') AND a.attname = 'change_xid' AND NOT a.attisdropped
	AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1
