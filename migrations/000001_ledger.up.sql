-- The ledger: what was read, when, by which run, and what had to be kept raw.

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon';

CREATE TABLE ingest.schema_version (
    version integer NOT NULL
);
COMMENT ON TABLE ingest.schema_version IS 'One row: the last migration that was applied. Each notes itself in the transaction that does its work, so an interrupted one is told from a finished one.';
COMMENT ON COLUMN ingest.schema_version.version IS 'Number of the migration.';

CREATE TABLE ingest.daemons (
    daemon_id    uuid        PRIMARY KEY,
    host         text        NOT NULL,
    version      text        NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ingest.daemons IS 'One row per process that read as a daemon (ingestd run), kept for 90 days.';
COMMENT ON COLUMN ingest.daemons.daemon_id IS 'Made anew at each start.';
COMMENT ON COLUMN ingest.daemons.host IS 'Name of the machine it runs on.';
COMMENT ON COLUMN ingest.daemons.version IS 'Version of the program.';
COMMENT ON COLUMN ingest.daemons.started_at IS 'Start, by the database''s clock.';
COMMENT ON COLUMN ingest.daemons.heartbeat_at IS 'Its last sign of life, by the database''s clock. It is given by what starts the runs, about once a minute.';

CREATE TABLE ingest.tenants (
    tenant_id          uuid PRIMARY KEY,
    name               text NOT NULL,
    cloud              text NOT NULL,
    credential_kind    text NOT NULL,
    credential_ends_at timestamptz,
    clock_skew_s       double precision,
    daemon_id          uuid
);
COMMENT ON TABLE ingest.tenants IS 'One row per tenant: how it is configured, and what is known of its access. Written by whoever reads it.';
COMMENT ON COLUMN ingest.tenants.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.tenants.name IS 'Name in the configuration.';
COMMENT ON COLUMN ingest.tenants.cloud IS 'Microsoft cloud it lives in: global, usgov-l4, usgov-l5 or custom.';
COMMENT ON COLUMN ingest.tenants.credential_kind IS 'What tokens are asked for with: client_secret, certificate, federated_token or managed_identity.';
COMMENT ON COLUMN ingest.tenants.credential_ends_at IS 'Until when the credential is valid; null if not known.';
COMMENT ON COLUMN ingest.tenants.clock_skew_s IS 'Graph''s clock minus the local one, in seconds, as of the last run; null if not known.';
COMMENT ON COLUMN ingest.tenants.daemon_id IS 'The daemon that works on it, or did last (ingest.daemons); null if none ever did.';

CREATE TABLE ingest.endpoints (
    tenant_id        uuid        NOT NULL,
    endpoint         text        NOT NULL COLLATE "C",
    enabled          boolean     NOT NULL,
    schedule         text        NOT NULL,
    interval_s       integer,
    reach            interval    NOT NULL,
    settle           interval    NOT NULL,
    start_from       timestamptz,
    origin           timestamptz NOT NULL,
    settled_until    timestamptz NOT NULL,
    watermark        timestamptz NOT NULL,
    clock_at         timestamptz,
    next_due_at      timestamptz,
    removed_at       timestamptz,
    last_result      text,
    last_finished_at timestamptz,
    last_success_at  timestamptz,
    failures         integer     NOT NULL DEFAULT 0,
    failing_since    timestamptz,
    healed_at        timestamptz,
    caught_up_at     timestamptz,
    last_error_code  text,
    last_error       text,
    last_error_at    timestamptz,
    last_status      integer,
    last_request_id  text,
    PRIMARY KEY (tenant_id, endpoint)
);
COMMENT ON TABLE ingest.endpoints IS 'One row per tenant and endpoint: how it is configured and how far it has come. Written by the daemon at its start, while it reads and after each run.';
COMMENT ON COLUMN ingest.endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.endpoints.endpoint IS 'Name of the endpoint, which is also the name of its table in schema teams.';
COMMENT ON COLUMN ingest.endpoints.enabled IS 'Whether the configuration has the endpoint switched on.';
COMMENT ON COLUMN ingest.endpoints.schedule IS 'Cron expression (UTC) of its runs.';
COMMENT ON COLUMN ingest.endpoints.interval_s IS 'Seconds between two runs by the schedule; null if not known.';
COMMENT ON COLUMN ingest.endpoints.reach IS 'How far back Graph answers. origin was made from it.';
COMMENT ON COLUMN ingest.endpoints.settle IS 'How long after their time rows may still arrive or change.';
COMMENT ON COLUMN ingest.endpoints.start_from IS 'From when on the configuration wants rows, from which origin was made; null if from as far back as Graph answers.';
COMMENT ON COLUMN ingest.endpoints.origin IS 'From when on nothing may be missing: the reach at the first start, or start_from. It moves only when these change in the configuration.';
COMMENT ON COLUMN ingest.endpoints.settled_until IS 'End of the gapless run, since origin, of slots that are settled or whose loss is acknowledged.';
COMMENT ON COLUMN ingest.endpoints.watermark IS 'End of the gapless run of settled slots since origin, acknowledged losses stepped over: everything before it is here for good.';
COMMENT ON COLUMN ingest.endpoints.clock_at IS 'Graph''s time when it last agreed with the local clock to within an hour; null if it never has.';
COMMENT ON COLUMN ingest.endpoints.next_due_at IS 'When its next run is due; null while switched off.';
COMMENT ON COLUMN ingest.endpoints.removed_at IS 'When it was first missing from the configuration; null while it is there.';
COMMENT ON COLUMN ingest.endpoints.last_result IS 'Result of the last run (ingest.runs.result); null before the first.';
COMMENT ON COLUMN ingest.endpoints.last_finished_at IS 'End of the last run; null before the first.';
COMMENT ON COLUMN ingest.endpoints.last_success_at IS 'End of the last run with result ok; null before the first.';
COMMENT ON COLUMN ingest.endpoints.failures IS 'Failed runs in a row.';
COMMENT ON COLUMN ingest.endpoints.failing_since IS 'End of the first of the failed runs in a row; null after a good run.';
COMMENT ON COLUMN ingest.endpoints.healed_at IS 'End of the first good run after the last failed one; null while runs fail, or if none ever did.';
COMMENT ON COLUMN ingest.endpoints.caught_up_at IS 'End of the first run that left nothing unread: from then on it was read as a whole; null before.';
COMMENT ON COLUMN ingest.endpoints.last_error_code IS 'Cause of the last failure as one word for programs, such as permission_missing; null if no run ever failed. It is still so while failures is above 0.';
COMMENT ON COLUMN ingest.endpoints.last_error IS 'What the last failed run failed with. Never quotes row values.';
COMMENT ON COLUMN ingest.endpoints.last_error_at IS 'End of the last failed run.';
COMMENT ON COLUMN ingest.endpoints.last_status IS 'HTTP status of that failure; null if there was no answer.';
COMMENT ON COLUMN ingest.endpoints.last_request_id IS 'Microsoft''s request-id of that failure, for a support case; null if there was no answer.';

CREATE TABLE ingest.slots (
    tenant_id uuid        NOT NULL,
    endpoint  text        NOT NULL COLLATE "C",
    slot_from timestamptz NOT NULL,
    slot_to   timestamptz NOT NULL,
    read_at   timestamptz NOT NULL,
    settled   boolean     NOT NULL DEFAULT false,
    rows      integer     NOT NULL,
    run_id    bigint      NOT NULL,
    PRIMARY KEY (tenant_id, endpoint, slot_from)
);
COMMENT ON TABLE ingest.slots IS 'When was each slot (an hour or a UTC day) last read to its last page. Written in the transaction that commits the last rows of its window; what is due or lost follows from it.';
COMMENT ON COLUMN ingest.slots.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.slots.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.slots.slot_from IS 'Start of the slot, included.';
COMMENT ON COLUMN ingest.slots.slot_to IS 'End of the slot, excluded.';
COMMENT ON COLUMN ingest.slots.read_at IS 'Graph''s time of the first request of that reading.';
COMMENT ON COLUMN ingest.slots.settled IS 'Whether a reading was made after the slot''s rows had settled and while Graph still answered for all of it. Once true it stays.';
COMMENT ON COLUMN ingest.slots.rows IS 'Elements that Graph served for the slot in that reading.';
COMMENT ON COLUMN ingest.slots.run_id IS 'The run that read it (ingest.runs).';

CREATE TABLE ingest.parked (
    tenant_id  uuid        NOT NULL,
    endpoint   text        NOT NULL COLLATE "C",
    slot_from  timestamptz NOT NULL,
    slot_to    timestamptz NOT NULL,
    failures   integer     NOT NULL DEFAULT 1,
    since      timestamptz NOT NULL,
    failed_at  timestamptz NOT NULL,
    request_id text,
    code       text        NOT NULL,
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
COMMENT ON COLUMN ingest.parked.failures IS 'How many runs failed at it since it was last read.';
COMMENT ON COLUMN ingest.parked.since IS 'Graph''s time of the first failure since it was last read.';
COMMENT ON COLUMN ingest.parked.failed_at IS 'Graph''s time of the last failure.';
COMMENT ON COLUMN ingest.parked.request_id IS 'Graph''s request-id of the last failure, for Microsoft''s support.';
COMMENT ON COLUMN ingest.parked.code IS 'Cause of the last failure as one word for programs, such as graph_failing.';
COMMENT ON COLUMN ingest.parked.error IS 'What it failed with last, with the next step.';
COMMENT ON COLUMN ingest.parked.body IS 'The first 64 KiB of what was answered in place of a page; null if nothing.';
COMMENT ON COLUMN ingest.parked.run_id IS 'The run that failed at it last (ingest.runs).';

CREATE TABLE ingest.acknowledgements (
    tenant_id       uuid        NOT NULL,
    endpoint        text        NOT NULL COLLATE "C",
    span_from       timestamptz NOT NULL,
    span_to         timestamptz NOT NULL,
    call_id         uuid,
    acknowledged_at timestamptz NOT NULL DEFAULT now(),
    by_whom         text        NOT NULL,
    reason          text        NOT NULL,
    UNIQUE NULLS NOT DISTINCT (tenant_id, endpoint, span_from, span_to, call_id)
);
COMMENT ON TABLE ingest.acknowledgements IS 'Losses that someone has taken note of. They stay listed and no longer count as trouble; the watermark steps over them.';
COMMENT ON COLUMN ingest.acknowledgements.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.acknowledgements.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.acknowledgements.span_from IS 'Start of the span, included; of a call record the start of the call.';
COMMENT ON COLUMN ingest.acknowledgements.span_to IS 'End of the span, excluded.';
COMMENT ON COLUMN ingest.acknowledgements.call_id IS 'The call record whose details are lost (teams.call_records.id); null for a span.';
COMMENT ON COLUMN ingest.acknowledgements.acknowledged_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN ingest.acknowledgements.by_whom IS 'Who took note.';
COMMENT ON COLUMN ingest.acknowledgements.reason IS 'Why it was lost, in their words.';

CREATE TABLE ingest.marks (
    tenant_id uuid        NOT NULL,
    endpoint  text        NOT NULL COLLATE "C",
    name      text        NOT NULL COLLATE "C",
    xid       xid8        NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, endpoint, name)
);
COMMENT ON TABLE ingest.marks IS 'How far derived work has come: tables that follow from what Graph served, made after it is stored.';
COMMENT ON COLUMN ingest.marks.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.marks.endpoint IS 'The endpoint whose table is worked through.';
COMMENT ON COLUMN ingest.marks.name IS 'The work: users (teams.users).';
COMMENT ON COLUMN ingest.marks.xid IS 'All rows of the table whose change_xid is lower are done.';
COMMENT ON COLUMN ingest.marks.moved_at IS 'When it last moved, by the database''s clock.';

CREATE TABLE ingest.backfills (
    backfill_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    uuid        NOT NULL,
    endpoint     text        NOT NULL COLLATE "C",
    span_from    timestamptz NOT NULL,
    span_to      timestamptz NOT NULL,
    since        timestamptz NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    slots        integer     NOT NULL DEFAULT 0,
    slots_read   integer     NOT NULL DEFAULT 0,
    rows         bigint      NOT NULL DEFAULT 0,
    requests     bigint      NOT NULL DEFAULT 0,
    result       text,
    error        text
);
CREATE INDEX backfills_open ON ingest.backfills (tenant_id, endpoint, backfill_id) WHERE finished_at IS NULL;
COMMENT ON TABLE ingest.backfills IS 'Spans that someone asked to have read again, handed to the daemon that works on the tenant.';
COMMENT ON COLUMN ingest.backfills.backfill_id IS 'Number of the request.';
COMMENT ON COLUMN ingest.backfills.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.backfills.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.backfills.span_from IS 'Start of the span, included.';
COMMENT ON COLUMN ingest.backfills.span_to IS 'End of the span, excluded.';
COMMENT ON COLUMN ingest.backfills.since IS 'Slots that were read since then are left out.';
COMMENT ON COLUMN ingest.backfills.requested_at IS 'When it was asked for, by the database''s clock.';
COMMENT ON COLUMN ingest.backfills.started_at IS 'When the daemon took it up; null before.';
COMMENT ON COLUMN ingest.backfills.finished_at IS 'When it ended, well or not; null before.';
COMMENT ON COLUMN ingest.backfills.slots IS 'Slots in the span.';
COMMENT ON COLUMN ingest.backfills.slots_read IS 'Slots of the span read so far.';
COMMENT ON COLUMN ingest.backfills.rows IS 'Rows inserted or updated so far.';
COMMENT ON COLUMN ingest.backfills.requests IS 'Requests sent to Graph so far, repeated ones included.';
COMMENT ON COLUMN ingest.backfills.result IS 'As ingest.runs.result, or cancelled; null while it is open.';
COMMENT ON COLUMN ingest.backfills.error IS 'What went wrong, with the next step; null if nothing. Never quotes row values.';

CREATE TABLE ingest.runs (
    run_id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id      uuid        NOT NULL,
    endpoint       text        NOT NULL COLLATE "C",
    window_from    timestamptz NOT NULL,
    window_to      timestamptz NOT NULL,
    trigger        text        NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    waiting_until  timestamptz,
    finished_at    timestamptz,
    result         text,
    slots          integer     NOT NULL DEFAULT 0,
    slots_done     integer     NOT NULL DEFAULT 0,
    pages          bigint      NOT NULL DEFAULT 0,
    requests       bigint      NOT NULL DEFAULT 0,
    throttle_s     double precision NOT NULL DEFAULT 0,
    rows_seen      bigint      NOT NULL DEFAULT 0,
    rows_new       bigint      NOT NULL DEFAULT 0,
    rows_changed   bigint      NOT NULL DEFAULT 0,
    rows_unchanged bigint      NOT NULL DEFAULT 0,
    rows_rejected  bigint      NOT NULL DEFAULT 0,
    details        bigint      NOT NULL DEFAULT 0,
    request_ids    text[],
    error          text
);
CREATE INDEX runs_by_endpoint ON ingest.runs (tenant_id, endpoint, run_id);
CREATE INDEX runs_unfinished ON ingest.runs (tenant_id, endpoint) WHERE finished_at IS NULL;
COMMENT ON TABLE ingest.runs IS 'One row per execution for one endpoint of one tenant, kept for 90 days.';
COMMENT ON COLUMN ingest.runs.run_id IS 'Number of the run.';
COMMENT ON COLUMN ingest.runs.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.runs.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.runs.window_from IS 'Start of the earliest window planned.';
COMMENT ON COLUMN ingest.runs.window_to IS 'End of the latest window planned.';
COMMENT ON COLUMN ingest.runs.trigger IS 'What started it: schedule, start, once, backfill or demo.';
COMMENT ON COLUMN ingest.runs.started_at IS 'Start, by the database''s clock.';
COMMENT ON COLUMN ingest.runs.heartbeat_at IS 'Its last commit, by the database''s clock.';
COMMENT ON COLUMN ingest.runs.waiting_until IS 'Until when it waits because Graph said so; null while it does not.';
COMMENT ON COLUMN ingest.runs.finished_at IS 'End, by the database''s clock; null while it runs, or where it was killed and no run has followed.';
COMMENT ON COLUMN ingest.runs.result IS 'ok, failed, throttled, denied, stopped or killed; null while it runs.';
COMMENT ON COLUMN ingest.runs.slots IS 'Slots it is to read.';
COMMENT ON COLUMN ingest.runs.slots_done IS 'Slots it has read.';
COMMENT ON COLUMN ingest.runs.pages IS 'Pages whose rows were committed.';
COMMENT ON COLUMN ingest.runs.requests IS 'Requests sent to Graph, repeated ones included.';
COMMENT ON COLUMN ingest.runs.throttle_s IS 'Seconds spent waiting because Graph said so.';
COMMENT ON COLUMN ingest.runs.rows_seen IS 'Elements served: the sum of the four counts that follow.';
COMMENT ON COLUMN ingest.runs.rows_new IS 'Rows inserted.';
COMMENT ON COLUMN ingest.runs.rows_changed IS 'Rows updated.';
COMMENT ON COLUMN ingest.runs.rows_unchanged IS 'Rows already stored, or served again in the same reading, and not written.';
COMMENT ON COLUMN ingest.runs.rows_rejected IS 'Elements that could only be kept raw (ingest.rejects).';
COMMENT ON COLUMN ingest.runs.details IS 'Call records whose details were stored; 0 for other endpoints.';
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
    slot_from   timestamptz,
    slot_to     timestamptz,
    seen_at     timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    resolution  text,
    PRIMARY KEY (tenant_id, endpoint, sha256)
);
CREATE INDEX rejects_open ON ingest.rejects (tenant_id, endpoint, key) WHERE resolved_at IS NULL;
CREATE INDEX rejects_unstored ON ingest.rejects (tenant_id, endpoint, slot_from)
    WHERE resolved_at IS NULL AND NOT stored;
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
COMMENT ON COLUMN ingest.rejects.slot_from IS 'Start of the slots whose reading met it last; null if it was met otherwise.';
COMMENT ON COLUMN ingest.rejects.slot_to IS 'End of those slots.';
COMMENT ON COLUMN ingest.rejects.seen_at IS 'When it was kept, by the database''s clock.';
COMMENT ON COLUMN ingest.rejects.resolved_at IS 'When it was closed; null while open.';
COMMENT ON COLUMN ingest.rejects.resolution IS 'stored: a later answer for the same key was stored, or this one after all. dropped: someone wants it no more. Null while open.';

CREATE TABLE ingest.unknown_members (
    endpoint      text        NOT NULL COLLATE "C",
    member        text        NOT NULL COLLATE "C",
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (endpoint, member)
);
COMMENT ON TABLE ingest.unknown_members IS 'Members that Graph serves and that have no column, whatever the tenant. Their values are in unknown_fields of the rows.';
COMMENT ON COLUMN ingest.unknown_members.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.unknown_members.member IS 'Name of the member, behind that of its table if it is not the endpoint''s. From the 51st of an endpoint on, and of a strange name: other.';
COMMENT ON COLUMN ingest.unknown_members.first_seen_at IS 'When it was first served, by the database''s clock.';

CREATE TABLE ingest.tombstones (
    tenant_id    uuid        NOT NULL,
    tombstone_id bigint      GENERATED ALWAYS AS IDENTITY,
    table_name   text        NOT NULL COLLATE "C",
    key          jsonb       NOT NULL,
    op           text        NOT NULL,
    deleted_at   timestamptz NOT NULL DEFAULT now(),
    change_xid   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, tombstone_id)
);
CREATE INDEX tombstones_change ON ingest.tombstones (tenant_id, change_xid);
COMMENT ON TABLE ingest.tombstones IS 'Rows of schema teams that were deleted, for readers that follow changes.';
COMMENT ON COLUMN ingest.tombstones.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.tombstones.tombstone_id IS 'Number of the tombstone.';
COMMENT ON COLUMN ingest.tombstones.table_name IS 'Table in schema teams.';
COMMENT ON COLUMN ingest.tombstones.key IS 'Key columns of the deleted row.';
COMMENT ON COLUMN ingest.tombstones.op IS 'delete: Graph no longer names it.';
COMMENT ON COLUMN ingest.tombstones.deleted_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN ingest.tombstones.change_xid IS 'Transaction of the deletion, for readers that follow changes.';

INSERT INTO ingest.schema_version VALUES (1);
