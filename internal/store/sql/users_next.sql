-- The transaction of the tenant's changed row that comes after $4 others, counted
-- from transaction $2 on and before $3.
SELECT change_xid::text
FROM teams.{table}
WHERE tenant_id = $1 AND change_xid >= $2::text::xid8 AND change_xid < $3::text::xid8
ORDER BY change_xid
LIMIT 1 OFFSET $4
