-- The ledger: what was read, when, by which run, and what had to be kept raw.

CREATE TABLE ingest.endpoints (
    tenant_id   uuid        NOT NULL,
    endpoint    text        NOT NULL COLLATE "C",
    enabled     boolean     NOT NULL,
    schedule    text        NOT NULL,
    reach       interval    NOT NULL,
    settle      interval    NOT NULL,
    origin      timestamptz NOT NULL,
    watermark   timestamptz NOT NULL,
    next_due_at timestamptz,
    failures    integer     NOT NULL DEFAULT 0,
    last_error  text,
    state       text        NOT NULL,
    PRIMARY KEY (tenant_id, endpoint)
);
COMMENT ON TABLE ingest.endpoints IS 'One row per tenant and endpoint: how it is configured and how far it has come. Written by the daemon at its start and after each run.';
COMMENT ON COLUMN ingest.endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.endpoints.endpoint IS 'Name of the endpoint, which is also the name of its table in schema teams.';
COMMENT ON COLUMN ingest.endpoints.enabled IS 'Whether the configuration has the endpoint switched on.';
COMMENT ON COLUMN ingest.endpoints.schedule IS 'Cron expression (UTC) of its runs.';
COMMENT ON COLUMN ingest.endpoints.reach IS 'How far back Graph answers.';
COMMENT ON COLUMN ingest.endpoints.settle IS 'How long after their time rows may still arrive or change.';
COMMENT ON COLUMN ingest.endpoints.origin IS 'From when on nothing may be missing: the reach at the first start, or start_from.';
COMMENT ON COLUMN ingest.endpoints.watermark IS 'End of the gapless run of settled slots since origin: everything before it is here for good.';
COMMENT ON COLUMN ingest.endpoints.next_due_at IS 'When its next run is due; null while switched off.';
COMMENT ON COLUMN ingest.endpoints.failures IS 'Failed runs in a row.';
COMMENT ON COLUMN ingest.endpoints.last_error IS 'What the last run failed with; null after a good run. Never quotes row values.';
COMMENT ON COLUMN ingest.endpoints.state IS 'never, on_time, catching_up, late, throttled, denied, down, paused or removed.';

CREATE TABLE ingest.slots (
    tenant_id uuid        NOT NULL,
    endpoint  text        NOT NULL COLLATE "C",
    slot_from timestamptz NOT NULL,
    slot_to   timestamptz NOT NULL,
    read_at   timestamptz NOT NULL,
    rows      integer     NOT NULL,
    run_id    bigint      NOT NULL,
    PRIMARY KEY (tenant_id, endpoint, slot_from)
);
COMMENT ON TABLE ingest.slots IS 'When was each slot (an hour or a UTC day) last read to its last page. Written in the transaction that commits the last rows of its window; what is due, settled or lost follows from it.';
COMMENT ON COLUMN ingest.slots.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.slots.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.slots.slot_from IS 'Start of the slot, included.';
COMMENT ON COLUMN ingest.slots.slot_to IS 'End of the slot, excluded.';
COMMENT ON COLUMN ingest.slots.read_at IS 'Graph''s time of the first request of that reading.';
COMMENT ON COLUMN ingest.slots.rows IS 'Elements that Graph served for the slot in that reading.';
COMMENT ON COLUMN ingest.slots.run_id IS 'The run that read it (ingest.runs).';

CREATE TABLE ingest.runs (
    run_id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id      uuid        NOT NULL,
    endpoint       text        NOT NULL COLLATE "C",
    window_from    timestamptz NOT NULL,
    window_to      timestamptz NOT NULL,
    trigger        text        NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    start_xid      xid8        NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
    heartbeat_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at    timestamptz,
    result         text,
    pages          bigint      NOT NULL DEFAULT 0,
    requests       bigint      NOT NULL DEFAULT 0,
    throttle_s     double precision NOT NULL DEFAULT 0,
    rows_seen      bigint      NOT NULL DEFAULT 0,
    rows_new       bigint      NOT NULL DEFAULT 0,
    rows_changed   bigint      NOT NULL DEFAULT 0,
    rows_unchanged bigint      NOT NULL DEFAULT 0,
    rows_rejected  bigint      NOT NULL DEFAULT 0,
    request_ids    text[],
    error          text
);
CREATE INDEX runs_by_endpoint ON ingest.runs (tenant_id, endpoint, run_id);
CREATE INDEX runs_unfinished ON ingest.runs (tenant_id, endpoint) WHERE finished_at IS NULL;
COMMENT ON TABLE ingest.runs IS 'One row per execution for one endpoint of one tenant.';
COMMENT ON COLUMN ingest.runs.run_id IS 'Number of the run.';
COMMENT ON COLUMN ingest.runs.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.runs.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.runs.window_from IS 'Start of the earliest window planned.';
COMMENT ON COLUMN ingest.runs.window_to IS 'End of the latest window planned.';
COMMENT ON COLUMN ingest.runs.trigger IS 'What started it: schedule, start, once or demo.';
COMMENT ON COLUMN ingest.runs.started_at IS 'Start, by the database''s clock.';
COMMENT ON COLUMN ingest.runs.start_xid IS 'No row this run writes has a lower change_xid.';
COMMENT ON COLUMN ingest.runs.heartbeat_at IS 'Its last commit, by the database''s clock.';
COMMENT ON COLUMN ingest.runs.finished_at IS 'End, by the database''s clock; null while it runs, or where it was killed and no run has followed.';
COMMENT ON COLUMN ingest.runs.result IS 'ok, failed, throttled, denied, stopped or killed; null while it runs.';
COMMENT ON COLUMN ingest.runs.pages IS 'Pages whose rows were committed.';
COMMENT ON COLUMN ingest.runs.requests IS 'Requests sent to Graph, repeated ones included.';
COMMENT ON COLUMN ingest.runs.throttle_s IS 'Seconds spent waiting because Graph said so.';
COMMENT ON COLUMN ingest.runs.rows_seen IS 'Elements served: the sum of the four counts that follow.';
COMMENT ON COLUMN ingest.runs.rows_new IS 'Rows inserted.';
COMMENT ON COLUMN ingest.runs.rows_changed IS 'Rows updated.';
COMMENT ON COLUMN ingest.runs.rows_unchanged IS 'Rows already stored, or served again in the same reading, and not written.';
COMMENT ON COLUMN ingest.runs.rows_rejected IS 'Elements that could only be kept raw (ingest.rejects).';
COMMENT ON COLUMN ingest.runs.request_ids IS 'Graph''s request-id of failed requests, for Microsoft''s support.';
COMMENT ON COLUMN ingest.runs.error IS 'What went wrong, with the next step. Never quotes row values.';

CREATE TABLE ingest.rejects (
    tenant_id   uuid        NOT NULL,
    endpoint    text        NOT NULL COLLATE "C",
    sha256      bytea       NOT NULL,
    key         text        COLLATE "C",
    reason      text        NOT NULL,
    stored      boolean     NOT NULL,
    raw         bytea       NOT NULL,
    run_id      bigint      NOT NULL,
    served_at   timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    PRIMARY KEY (tenant_id, endpoint, sha256)
);
CREATE INDEX rejects_open ON ingest.rejects (tenant_id, endpoint, key) WHERE resolved_at IS NULL;
COMMENT ON TABLE ingest.rejects IS 'Elements kept raw because they could not be stored as served. Holds personal data.';
COMMENT ON COLUMN ingest.rejects.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.rejects.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.rejects.sha256 IS 'SHA-256 of raw.';
COMMENT ON COLUMN ingest.rejects.key IS 'Key of the element; null if it has none that fits.';
COMMENT ON COLUMN ingest.rejects.reason IS 'Why. Never quotes a value.';
COMMENT ON COLUMN ingest.rejects.stored IS 'Whether its rows are stored too, with what PostgreSQL cannot hold replaced.';
COMMENT ON COLUMN ingest.rejects.raw IS 'The element''s bytes as served.';
COMMENT ON COLUMN ingest.rejects.run_id IS 'The run that met it first (ingest.runs).';
COMMENT ON COLUMN ingest.rejects.served_at IS 'Graph''s time of the page it came in.';
COMMENT ON COLUMN ingest.rejects.seen_at IS 'When it was kept, by the database''s clock.';
COMMENT ON COLUMN ingest.rejects.resolved_at IS 'When a later answer for the same key was stored; null while open.';

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 1';
