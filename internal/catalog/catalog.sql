-- Tables and views of the schemas in $1 with their columns, in order. A table's key is its primary key. Tables of
-- months are parts of others.
SELECT n.nspname                                         AS schema,
       c.relname                                         AS name,
       c.relkind = 'v'                                   AS is_view,
       coalesce(obj_description(c.oid, 'pg_class'), '')  AS comment,
       ARRAY(SELECT a.attname::text
             FROM pg_index i,
                  unnest(i.indkey) WITH ORDINALITY k (attnum, place)
             JOIN pg_attribute a ON a.attrelid = c.oid
                                AND a.attnum = k.attnum
             WHERE i.indrelid = c.oid
               AND i.indisprimary
             ORDER BY k.place)                           AS primary_key,
       a.attname                                         AS column_name,
       format_type(a.atttypid, a.atttypmod)              AS type,
       a.attnotnull                                      AS not_null,
       coalesce(col_description(c.oid, a.attnum), '')    AS column_comment
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
                   AND a.attnum > 0
                   AND NOT a.attisdropped
WHERE n.nspname = ANY ($1)
  AND c.relkind IN ('r', 'p', 'v')
  AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = c.oid)
ORDER BY schema, name, a.attnum
