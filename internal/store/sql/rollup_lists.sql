-- Notes the lists as they are now, and names those that have changed.
INSERT INTO rollup.digests AS d (list, digest)
SELECT list, digest
FROM rollup.lists
ON CONFLICT (list) DO UPDATE
SET digest = excluded.digest
WHERE d.digest <> excluded.digest
RETURNING list
