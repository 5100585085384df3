-- The dial-out report of audio conferences: Graph's
-- getPstnOnlineMeetingDialoutReport.

CREATE TABLE teams.dialout_report (
    tenant_id           uuid NOT NULL,
    window_from         timestamptz NOT NULL,
    window_to           timestamptz NOT NULL,
    report_key          text COLLATE "C" NOT NULL,
    user_id             uuid,
    user_principal_name text,
    user_display_name   text,
    usage_location      text,
    destination_context text,
    currency            text,
    total_calls         integer,
    total_call_seconds  integer,
    total_call_charge   numeric,
    unknown_fields      jsonb,
    ingested_at         timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL,
    run_id              bigint NOT NULL,
    row_hash            bigint NOT NULL,
    change_xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, window_from, window_to, report_key)
);
CREATE INDEX dialout_report_day ON teams.dialout_report (((window_from AT TIME ZONE 'UTC')::date));
CREATE INDEX dialout_report_change ON teams.dialout_report (tenant_id, change_xid);

COMMENT ON TABLE teams.dialout_report IS 'One row per UTC day, meeting organizer and kind of destination: calls that audio conferences made, summed up by Graph''s getPstnOnlineMeetingDialoutReport (beta). Asked per UTC day; rows that Graph no longer names are deleted (ingest.tombstones).';
COMMENT ON COLUMN teams.dialout_report.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.dialout_report.window_from IS 'Start of the day summed up, included.';
COMMENT ON COLUMN teams.dialout_report.window_to IS 'End of the day summed up, excluded.';
COMMENT ON COLUMN teams.dialout_report.report_key IS 'Hash of userId, usageLocation, destinationContext and currency; Graph gives no id.';
COMMENT ON COLUMN teams.dialout_report.user_id IS 'Entra object id of the meeting organizer (Graph: userId; teams.users).';
COMMENT ON COLUMN teams.dialout_report.user_principal_name IS 'User principal name (Graph: userPrincipalName).';
COMMENT ON COLUMN teams.dialout_report.user_display_name IS 'Display name (Graph: userDisplayName).';
COMMENT ON COLUMN teams.dialout_report.usage_location IS 'ISO 3166-1 alpha-2 country of the user (Graph: usageLocation).';
COMMENT ON COLUMN teams.dialout_report.destination_context IS 'Domestic or International (Graph: destinationContext).';
COMMENT ON COLUMN teams.dialout_report.currency IS 'ISO 4217 code of total_call_charge (Graph: currency).';
COMMENT ON COLUMN teams.dialout_report.total_calls IS 'Number of calls (Graph: totalCalls).';
COMMENT ON COLUMN teams.dialout_report.total_call_seconds IS 'Seconds of all calls (Graph: totalCallSeconds).';
COMMENT ON COLUMN teams.dialout_report.total_call_charge IS 'Sum of charges, in currency (Graph: totalCallCharge), with the scale served.';
COMMENT ON COLUMN teams.dialout_report.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.dialout_report.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.dialout_report.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.dialout_report.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.dialout_report.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.dialout_report.change_xid IS 'Transaction of the last change, for readers that follow changes.';

UPDATE ingest.schema_version SET version = 7;
