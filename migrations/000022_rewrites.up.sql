-- How far rows that are made anew have been, as a stop must not begin anew.
CREATE TABLE ingest.rewrites (
    tenant_id uuid NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    position text[] NOT NULL,
    PRIMARY KEY (tenant_id, endpoint, name)
);

COMMENT ON TABLE ingest.rewrites IS 'Where those stand who make stored rows anew, as for other modes of personal data. Forgotten when all are done.';
COMMENT ON COLUMN ingest.rewrites.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.rewrites.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.rewrites.name IS 'What the rows are made anew for.';
COMMENT ON COLUMN ingest.rewrites.position IS 'Key of the last row done, in the order of keys.';

UPDATE ingest.schema_version SET version = 22;
