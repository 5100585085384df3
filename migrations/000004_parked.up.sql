-- Slots that Graph does not serve although it serves others.

CREATE TABLE ingest.parked (
    tenant_id  uuid        NOT NULL,
    endpoint   text        NOT NULL COLLATE "C",
    slot_from  timestamptz NOT NULL,
    slot_to    timestamptz NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT now(),
    failures   integer     NOT NULL DEFAULT 1,
    failed_at  timestamptz NOT NULL,
    request_id text,
    error      text        NOT NULL,
    body       bytea,
    run_id     bigint      NOT NULL,
    PRIMARY KEY (tenant_id, endpoint, slot_from)
);
COMMENT ON TABLE ingest.parked IS 'Slots that could not be read although others could. After three failures a slot is parked: tried once a day. Reading it takes its row away. Bodies may hold personal data.';
COMMENT ON COLUMN ingest.parked.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.parked.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.parked.slot_from IS 'Start of the slot, included.';
COMMENT ON COLUMN ingest.parked.slot_to IS 'End of the slot, excluded.';
COMMENT ON COLUMN ingest.parked.noted_at IS 'When it failed first, by the database''s clock.';
COMMENT ON COLUMN ingest.parked.failures IS 'How many runs failed at it since it was last read.';
COMMENT ON COLUMN ingest.parked.failed_at IS 'Graph''s time of the last failure.';
COMMENT ON COLUMN ingest.parked.request_id IS 'Graph''s request-id of the last failure, for Microsoft''s support.';
COMMENT ON COLUMN ingest.parked.error IS 'What it failed with last, with the next step.';
COMMENT ON COLUMN ingest.parked.body IS 'The first 64 KiB of what was answered in place of a page; null if nothing.';
COMMENT ON COLUMN ingest.parked.run_id IS 'The run that failed at it last (ingest.runs).';

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 4';
