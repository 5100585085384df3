-- SMS messages: Graph's getSmsLog.

CREATE TABLE teams.sms_messages (
    tenant_id                uuid NOT NULL,
    id                       text COLLATE "C" NOT NULL,
    id_source                text NOT NULL,
    sms_id                   text COLLATE "C",
    user_id                  uuid,
    user_principal_name      text,
    user_display_name        text,
    user_country_code        text,
    tenant_country_code      text,
    other_party_country_code text,
    source_number            text,
    destination_number       text,
    sent_at                  timestamptz,
    call_charge              numeric,
    currency                 text,
    sms_type                 text,
    destination_context      text,
    destination_name         text,
    license_capability       text,
    sms_units                integer,
    administrative_unit_ids  text[],
    unknown_fields           jsonb,
    ingested_at              timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL,
    run_id                   bigint NOT NULL,
    row_hash                 bigint NOT NULL,
    change_xid               xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sms_messages_sent ON teams.sms_messages (sent_at);
CREATE INDEX sms_messages_change ON teams.sms_messages (tenant_id, change_xid);

COMMENT ON TABLE teams.sms_messages IS 'One row per SMS message, as Graph''s getSmsLog serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.sms_messages.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.sms_messages.id IS 'Unique id of the row (Graph beta: id), a GUID in lower case; where Graph served none, a hash of sms_id, sent_at, source_number, destination_number and sms_type.';
COMMENT ON COLUMN teams.sms_messages.id_source IS 'Where id is from: graph, or hash if Graph served none.';
COMMENT ON COLUMN teams.sms_messages.sms_id IS 'Id of the message (Graph beta: smsId). Not unique.';
COMMENT ON COLUMN teams.sms_messages.user_id IS 'Entra object id of the user (Graph beta: userId; teams.users); null for bots.';
COMMENT ON COLUMN teams.sms_messages.user_principal_name IS 'User principal name (Graph beta: userPrincipalName); null for bots.';
COMMENT ON COLUMN teams.sms_messages.user_display_name IS 'Display name (Graph beta: userDisplayName); null for bots.';
COMMENT ON COLUMN teams.sms_messages.user_country_code IS 'ISO 3166-1 alpha-2 country of the user (Graph beta: userCountryCode).';
COMMENT ON COLUMN teams.sms_messages.tenant_country_code IS 'ISO 3166-1 alpha-2 country of the tenant (Graph beta: tenantCountryCode).';
COMMENT ON COLUMN teams.sms_messages.other_party_country_code IS 'ISO 3166-1 alpha-2 country of the other party: the sender of inbound messages, the recipient of outbound ones (Graph beta: otherPartyCountryCode).';
COMMENT ON COLUMN teams.sms_messages.source_number IS 'Number the message was sent from (Graph beta: sourceNumber). May be masked with *.';
COMMENT ON COLUMN teams.sms_messages.destination_number IS 'Number the message was sent to (Graph beta: destinationNumber). May be masked with *.';
COMMENT ON COLUMN teams.sms_messages.sent_at IS 'When the message was sent (Graph beta: sentDateTime), cut to the microsecond. May lie outside the time window that Graph served it in.';
COMMENT ON COLUMN teams.sms_messages.call_charge IS 'Cost of the message, in currency (Graph beta: callCharge), with the scale served.';
COMMENT ON COLUMN teams.sms_messages.currency IS 'ISO 4217 code of call_charge (Graph beta: currency).';
COMMENT ON COLUMN teams.sms_messages.sms_type IS 'Kind of message (Graph beta: smsType), such as sms_in. An open list.';
COMMENT ON COLUMN teams.sms_messages.destination_context IS 'Domestic or International (Graph beta: destinationContext).';
COMMENT ON COLUMN teams.sms_messages.destination_name IS 'Country or region sent to, in English (Graph beta: destinationName).';
COMMENT ON COLUMN teams.sms_messages.license_capability IS 'Licence the message was charged to (Graph beta: licenseCapability), such as MCOSMS1.';
COMMENT ON COLUMN teams.sms_messages.sms_units IS 'Number of SMS units the message took (Graph beta: smsUnits).';
COMMENT ON COLUMN teams.sms_messages.administrative_unit_ids IS 'Administrative units of the user (Graph beta: administrativeUnitInfos, their id).';
COMMENT ON COLUMN teams.sms_messages.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.sms_messages.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.sms_messages.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.sms_messages.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.sms_messages.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.sms_messages.change_xid IS 'Transaction of the last change, for readers that follow changes.';

UPDATE ingest.schema_version SET version = 5;
