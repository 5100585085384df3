-- PSTN calls: Graph's getPstnCalls.

CREATE TABLE teams.pstn_calls (
    tenant_id                   uuid NOT NULL,
    id                          text COLLATE "C" NOT NULL,
    call_id                     text COLLATE "C",
    user_id                     uuid,
    user_principal_name         text,
    user_display_name           text,
    start_at                    timestamptz,
    end_at                      timestamptz,
    duration_s                  integer,
    call_type                   text,
    caller_number               text,
    callee_number               text,
    charge                      numeric,
    connection_charge           numeric,
    currency                    text,
    conference_id               text,
    destination_context         text,
    destination_name            text,
    inventory_type              text,
    license_capability          text,
    operator                    text,
    call_duration_source        text,
    usage_country_code          text,
    tenant_country_code         text,
    other_party_country_code    text,
    administrative_unit_ids     text[],
    client_local_ip_v4_address  inet,
    client_local_ip_v6_address  inet,
    client_public_ip_v4_address inet,
    client_public_ip_v6_address inet,
    unknown_fields              jsonb,
    ingested_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                  timestamptz NOT NULL,
    run_id                      bigint NOT NULL,
    row_hash                    bigint NOT NULL,
    change_xid                  xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX pstn_calls_start ON teams.pstn_calls (start_at);
CREATE INDEX pstn_calls_user ON teams.pstn_calls (user_id, start_at);
CREATE INDEX pstn_calls_call ON teams.pstn_calls (call_id);
CREATE INDEX pstn_calls_change ON teams.pstn_calls (tenant_id, change_xid);

COMMENT ON TABLE teams.pstn_calls IS 'One row per call over Calling Plans, Operator Connect or audio conferencing, as Graph''s getPstnCalls serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.pstn_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.pstn_calls.id IS 'Unique id of the row (Graph: id). A GUID, in lower case.';
COMMENT ON COLUMN teams.pstn_calls.call_id IS 'Id of the call (Graph: callId). Not unique: the legs of one call share it.';
COMMENT ON COLUMN teams.pstn_calls.user_id IS 'Entra object id of the user (Graph: userId; teams.users); null for calls of bots.';
COMMENT ON COLUMN teams.pstn_calls.user_principal_name IS 'User principal name (Graph: userPrincipalName); null for bots.';
COMMENT ON COLUMN teams.pstn_calls.user_display_name IS 'Display name (Graph: userDisplayName); null for bots.';
COMMENT ON COLUMN teams.pstn_calls.start_at IS 'Start of the call (Graph: startDateTime), cut to the microsecond. Graph''s time windows apply to it.';
COMMENT ON COLUMN teams.pstn_calls.end_at IS 'End of the call (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.pstn_calls.duration_s IS 'Seconds connected (Graph: duration).';
COMMENT ON COLUMN teams.pstn_calls.call_type IS 'Kind of call (Graph: callType), such as user_in, user_out, conf_in, conf_out, ucap_in, ucap_out. An open list.';
COMMENT ON COLUMN teams.pstn_calls.caller_number IS 'Number of the caller (Graph: callerNumber). May be masked with * by the law of the country, or no number at all.';
COMMENT ON COLUMN teams.pstn_calls.callee_number IS 'Number called (Graph: calleeNumber). May be masked with *.';
COMMENT ON COLUMN teams.pstn_calls.charge IS 'Cost of the call without the connection charge, in currency (Graph: charge), with the scale served.';
COMMENT ON COLUMN teams.pstn_calls.connection_charge IS 'Fee for the connection, in currency (Graph: connectionCharge).';
COMMENT ON COLUMN teams.pstn_calls.currency IS 'ISO 4217 code of charge and connection_charge (Graph: currency).';
COMMENT ON COLUMN teams.pstn_calls.conference_id IS 'Id of the audio conference (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN teams.pstn_calls.destination_context IS 'Domestic or International (Graph: destinationContext).';
COMMENT ON COLUMN teams.pstn_calls.destination_name IS 'Country or region dialed, in English (Graph: destinationName).';
COMMENT ON COLUMN teams.pstn_calls.inventory_type IS 'Type of the user''s number (Graph: inventoryType), such as Subscriber.';
COMMENT ON COLUMN teams.pstn_calls.license_capability IS 'Licence the call was charged to (Graph: licenseCapability), such as MCOPSTN2.';
COMMENT ON COLUMN teams.pstn_calls.operator IS 'Microsoft, or the Operator Connect operator (Graph: operator).';
COMMENT ON COLUMN teams.pstn_calls.call_duration_source IS 'Who measured the duration, microsoft or operator (Graph: callDurationSource).';
COMMENT ON COLUMN teams.pstn_calls.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user (Graph: usageCountryCode).';
COMMENT ON COLUMN teams.pstn_calls.tenant_country_code IS 'ISO 3166-1 alpha-2 country of the tenant (Graph: tenantCountryCode).';
COMMENT ON COLUMN teams.pstn_calls.other_party_country_code IS 'ISO 3166-1 alpha-2 country of the caller for inbound calls, of the callee for outbound ones (Graph beta: otherPartyCountryCode).';
COMMENT ON COLUMN teams.pstn_calls.administrative_unit_ids IS 'Administrative units of the user (Graph beta: administrativeUnitInfos, their id).';
COMMENT ON COLUMN teams.pstn_calls.client_local_ip_v4_address IS 'Local IPv4 address of the client (Graph beta: clientLocalIpV4Address).';
COMMENT ON COLUMN teams.pstn_calls.client_local_ip_v6_address IS 'Local IPv6 address of the client (Graph beta: clientLocalIpV6Address).';
COMMENT ON COLUMN teams.pstn_calls.client_public_ip_v4_address IS 'Public IPv4 address of the client (Graph beta: clientPublicIpV4Address).';
COMMENT ON COLUMN teams.pstn_calls.client_public_ip_v6_address IS 'Public IPv6 address of the client (Graph beta: clientPublicIpV6Address).';
COMMENT ON COLUMN teams.pstn_calls.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.pstn_calls.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.pstn_calls.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.pstn_calls.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.pstn_calls.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.pstn_calls.change_xid IS 'Transaction of the last change, for readers that follow changes.';

UPDATE ingest.schema_version SET version = 3;
