-- The transaction of the changed row that comes after $3 others, counted from
-- transaction $1 on and before $2.
SELECT change_xid::text
FROM teams.{table}
WHERE change_xid >= $1::text::xid8 AND change_xid < $2::text::xid8
ORDER BY change_xid
LIMIT 1 OFFSET $3
