-- That persons were erased, without the persons. A hash is kept while what Graph serves may
-- name them, so that they are known and left out; without the secret it tells nothing.
CREATE TABLE ingest.erasures (
    tenant_id    uuid NOT NULL,
    erasure_id   bigint GENERATED ALWAYS AS IDENTITY,
    known_by     text NOT NULL CHECK (known_by IN ('user', 'number')),
    hash         bytea,
    needed_until timestamptz NOT NULL,
    found        jsonb NOT NULL,
    program      text NOT NULL,
    begun_at     timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    PRIMARY KEY (tenant_id, erasure_id)
);

COMMENT ON TABLE ingest.erasures IS 'Persons that were taken out of all that is stored, and are kept out of what is read; it does not say who.';
COMMENT ON COLUMN ingest.erasures.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.erasures.erasure_id IS 'Number of the erasure.';
COMMENT ON COLUMN ingest.erasures.known_by IS 'What the person was named by. One of: user, number.';
COMMENT ON COLUMN ingest.erasures.hash IS 'HMAC-SHA256 of the user id or number, with a key of the tenant made of its secret; null once it is no longer needed.';
COMMENT ON COLUMN ingest.erasures.needed_until IS 'Until when Graph may serve what was before the erasure.';
COMMENT ON COLUMN ingest.erasures.found IS 'How many rows of which table named the person when it began.';
COMMENT ON COLUMN ingest.erasures.program IS 'Version of the program.';
COMMENT ON COLUMN ingest.erasures.begun_at IS 'When it began.';
COMMENT ON COLUMN ingest.erasures.finished_at IS 'When nothing of the person was found any more; null before that.';

UPDATE ingest.schema_version SET version = 21;
