-- Users blocked from the PSTN and unblocked: Graph's getPstnBlockedUsersLog.

CREATE TABLE teams.pstn_blocked_users_log (
    tenant_id             uuid NOT NULL,
    event_key             text COLLATE "C" NOT NULL,
    user_id               uuid,
    user_principal_name   text,
    user_display_name     text,
    user_telephone_number text,
    block_at              timestamptz,
    block_reason          text,
    user_block_mode       text,
    remediation_id        text COLLATE "C",
    unknown_fields        jsonb,
    ingested_at           timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL,
    run_id                bigint NOT NULL,
    row_hash              bigint NOT NULL,
    change_xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, event_key)
);
CREATE INDEX pstn_blocked_users_log_change ON teams.pstn_blocked_users_log (tenant_id, change_xid);

COMMENT ON TABLE teams.pstn_blocked_users_log IS 'One row per blocking of a user from the PSTN, or end of one, as Graph''s getPstnBlockedUsersLog serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.event_key IS 'Identifies the event, for which Graph has no id: a hash of user_id, block_at, user_block_mode, user_telephone_number and remediation_id.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_id IS 'Entra object id of the user (Graph beta: userId; teams.users).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_principal_name IS 'User principal name (Graph beta: userPrincipalName).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_display_name IS 'Display name (Graph beta: userDisplayName).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_telephone_number IS 'Telephone number of the user (Graph beta: userTelephoneNumber).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.block_at IS 'When the user was blocked or unblocked (Graph beta: blockDateTime), cut to the microsecond. Graph''s time windows are taken to apply to it.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.block_reason IS 'Why, in Graph''s words (Graph beta: blockReason), such as High Overall Usage.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_block_mode IS 'What happened: blocked or unblocked (Graph beta: userBlockMode), in lower case.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.remediation_id IS 'Id of the remediation (Graph beta: remediationId), a GUID in lower case. A block and its unblocking share it.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.change_xid IS 'Transaction of the last change, for readers that follow changes.';

UPDATE ingest.schema_version SET version = 6;
