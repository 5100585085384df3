-- Gives an element that is kept raw another text, unless that is kept already: then it
-- is deleted.
WITH there AS (
	SELECT 1 FROM ingest.rejects WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $4
), renamed AS (
	UPDATE ingest.rejects
	SET sha256 = $4, raw = $5, key = $6
	WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $3 AND NOT EXISTS (SELECT 1 FROM there)
)
DELETE FROM ingest.rejects
WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $3 AND EXISTS (SELECT 1 FROM there)
