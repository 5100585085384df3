-- The days that have rows, and the transaction that last changed what is shown of them.
SELECT tenant_id, day, change_xid::text
FROM ingest.changed_days
ORDER BY day DESC, tenant_id
