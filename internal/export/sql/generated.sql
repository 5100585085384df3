-- Columns that are computed from others. They cannot be published.
SELECT c.relname || '.' || a.attname
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'teams'::regnamespace AND a.attgenerated <> ''
