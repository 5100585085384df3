SELECT {id}::text, row_hash, updated_at
FROM teams.{table}
WHERE tenant_id = $1 AND {id} = ANY ($2::{id_type}[]){of_day}
