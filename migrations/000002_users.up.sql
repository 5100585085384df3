-- The people behind the user ids of all tables.

-- The schema may be there already, made for a user who may not make any.
DO $$ BEGIN
    IF to_regnamespace('teams') IS NULL THEN
        CREATE SCHEMA teams;
    END IF;
END $$;
COMMENT ON SCHEMA teams IS 'ingestd: what Microsoft Graph served, normalized';

CREATE TABLE teams.users (
    tenant_id      uuid NOT NULL,
    user_id        uuid NOT NULL,
    display_name   text,
    principal_name text,
    first_seen_on  date NOT NULL,
    last_seen_on   date NOT NULL,
    source         text NOT NULL COLLATE "C",
    PRIMARY KEY (tenant_id, user_id)
);
COMMENT ON TABLE teams.users IS 'Users as the rows of the other tables name them, by their newest event. Refreshed after each run, from the rows that have changed (ingest.marks).';
COMMENT ON COLUMN teams.users.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.users.user_id IS 'Entra object id of the user.';
COMMENT ON COLUMN teams.users.display_name IS 'Newest display name; null if none was ever served.';
COMMENT ON COLUMN teams.users.principal_name IS 'Newest user principal name; null if none was ever served.';
COMMENT ON COLUMN teams.users.first_seen_on IS 'UTC day of the user''s first event here.';
COMMENT ON COLUMN teams.users.last_seen_on IS 'UTC day of the user''s last event here.';
COMMENT ON COLUMN teams.users.source IS 'The endpoint whose row last named the user.';

UPDATE ingest.schema_version SET version = 2;
