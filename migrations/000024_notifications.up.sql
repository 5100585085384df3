-- What change notifications tell. They only discover: what is due by a notification is
-- asked for sooner, and what they do not tell the list of call records names.

CREATE TABLE ingest.subscriptions (
    tenant_id         uuid PRIMARY KEY,
    subscription_id   uuid,
    notification_url  text NOT NULL,
    client_state_hash bytea NOT NULL,
    expires_at        timestamptz,
    renewed_at        timestamptz,
    reauthorize       boolean NOT NULL DEFAULT false,
    missed_at         timestamptz,
    notified_at       timestamptz,
    usual_gap_s       double precision,
    error             text
);

COMMENT ON TABLE ingest.subscriptions IS 'One row per tenant whose changes Graph is asked to notify of. Times are Graph''s.';
COMMENT ON COLUMN ingest.subscriptions.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.subscriptions.subscription_id IS 'Graph''s id of the subscription; null while it is being made.';
COMMENT ON COLUMN ingest.subscriptions.notification_url IS 'Where Graph sends notifications.';
COMMENT ON COLUMN ingest.subscriptions.client_state_hash IS 'SHA-256 of the secret that each notification bears.';
COMMENT ON COLUMN ingest.subscriptions.expires_at IS 'When the subscription ends unless it is renewed.';
COMMENT ON COLUMN ingest.subscriptions.renewed_at IS 'When it was made or renewed last.';
COMMENT ON COLUMN ingest.subscriptions.reauthorize IS 'Whether Graph has asked for it to be renewed since.';
COMMENT ON COLUMN ingest.subscriptions.missed_at IS 'When notifications were last known to be missing, as Graph said so, the subscription was gone, or they could not be read; null if never.';
COMMENT ON COLUMN ingest.subscriptions.notified_at IS 'When a notification last came that told a call record; null if none did.';
COMMENT ON COLUMN ingest.subscriptions.usual_gap_s IS 'Usual seconds between notifications, those of five seconds taken as one; null before the second.';
COMMENT ON COLUMN ingest.subscriptions.error IS 'Why it could not be made, found or renewed, or what it brings not be read, with the next step; null if it could.';

CREATE TABLE ingest.told_records (
    tenant_id uuid NOT NULL,
    call_id   uuid NOT NULL,
    times     bigint NOT NULL DEFAULT 1,
    told_at   timestamptz NOT NULL,
    due       boolean NOT NULL DEFAULT true,
    attempts  integer NOT NULL DEFAULT 0,
    next_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, call_id)
);
CREATE INDEX told_records_due ON ingest.told_records (tenant_id, next_at) WHERE due;

COMMENT ON TABLE ingest.told_records IS 'Call records that notifications told of in the last day. Times are Graph''s.';
COMMENT ON COLUMN ingest.told_records.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.told_records.call_id IS 'The call, which need not exist: it is what a notification said.';
COMMENT ON COLUMN ingest.told_records.times IS 'How often it was told.';
COMMENT ON COLUMN ingest.told_records.told_at IS 'When it was told last.';
COMMENT ON COLUMN ingest.told_records.due IS 'Whether it is to be asked for, at next_at.';
COMMENT ON COLUMN ingest.told_records.attempts IS 'How often in a row nothing new came of it. After a few it is left to the list of call records.';
COMMENT ON COLUMN ingest.told_records.next_at IS 'It is not asked for before that.';

UPDATE ingest.schema_version SET version = 24;
