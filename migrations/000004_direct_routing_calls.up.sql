-- Direct Routing calls: Graph's getDirectRoutingCalls.

CREATE TABLE teams.direct_routing_calls (
    tenant_id                 uuid NOT NULL,
    id                        text COLLATE "C" NOT NULL,
    correlation_id            uuid,
    user_id                   uuid,
    user_principal_name       text,
    user_display_name         text,
    invite_at                 timestamptz,
    start_at                  timestamptz,
    failure_at                timestamptz,
    end_at                    timestamptz,
    duration_s                integer,
    call_type                 text,
    successful_call           boolean,
    caller_number             text,
    callee_number             text,
    media_path_location       text,
    signaling_location        text,
    final_sip_code            integer,
    call_end_sub_reason       bigint,
    final_sip_code_phrase     text,
    trunk_fqdn                text,
    media_bypass_enabled      boolean,
    transferor_correlation_id uuid,
    user_country_code         text,
    other_party_country_code  text,
    administrative_unit_ids   text[],
    unknown_fields            jsonb,
    ingested_at               timestamptz NOT NULL DEFAULT now(),
    updated_at                timestamptz NOT NULL,
    run_id                    bigint NOT NULL,
    row_hash                  bigint NOT NULL,
    change_xid                xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id)
);
-- A call has the time of its invitation or, without one, of its start.
CREATE INDEX direct_routing_calls_attempt ON teams.direct_routing_calls (coalesce(invite_at, start_at));
CREATE INDEX direct_routing_calls_user ON teams.direct_routing_calls (user_id, coalesce(invite_at, start_at));
CREATE INDEX direct_routing_calls_trunk ON teams.direct_routing_calls (trunk_fqdn, coalesce(invite_at, start_at));
CREATE INDEX direct_routing_calls_correlation ON teams.direct_routing_calls (correlation_id);
CREATE INDEX direct_routing_calls_change ON teams.direct_routing_calls (tenant_id, change_xid);

COMMENT ON TABLE teams.direct_routing_calls IS 'One row per call, or leg of a call, over Direct Routing, attempts included, as Graph''s getDirectRoutingCalls serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.direct_routing_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.direct_routing_calls.id IS 'Unique id of the row (Graph: id). A GUID, in lower case.';
COMMENT ON COLUMN teams.direct_routing_calls.correlation_id IS 'Id to quote to Microsoft Support (Graph: correlationId). Not unique: the legs of one call share it.';
COMMENT ON COLUMN teams.direct_routing_calls.user_id IS 'Entra object id of the user (Graph: userId; teams.users); null for calls of bots.';
COMMENT ON COLUMN teams.direct_routing_calls.user_principal_name IS 'User principal name (Graph: userPrincipalName); null for bots.';
COMMENT ON COLUMN teams.direct_routing_calls.user_display_name IS 'Display name (Graph: userDisplayName); null for bots.';
COMMENT ON COLUMN teams.direct_routing_calls.invite_at IS 'When the first SIP INVITE was sent (Graph: inviteDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.direct_routing_calls.start_at IS 'Start of the call (Graph: startDateTime), cut to the microsecond; of a call that was not answered, the time of its invite or failure. Graph''s time windows apply to it.';
COMMENT ON COLUMN teams.direct_routing_calls.failure_at IS 'When the call failed (Graph: failureDateTime), cut to the microsecond; null for successful calls, where Graph says year 1.';
COMMENT ON COLUMN teams.direct_routing_calls.end_at IS 'End of the call (Graph: endDateTime), cut to the microsecond; null for calls that were not established.';
COMMENT ON COLUMN teams.direct_routing_calls.duration_s IS 'Duration in seconds as served (Graph: duration).';
COMMENT ON COLUMN teams.direct_routing_calls.call_type IS 'Kind of call (Graph: callType), such as ByotIn or ByotOutUserForwarding, in varying letter case. An open list.';
COMMENT ON COLUMN teams.direct_routing_calls.successful_call IS 'Whether the call was established (Graph: successfulCall).';
COMMENT ON COLUMN teams.direct_routing_calls.caller_number IS 'Number of the caller (Graph: callerNumber). May be masked with * by the law of the country, or any other text.';
COMMENT ON COLUMN teams.direct_routing_calls.callee_number IS 'Number called (Graph: calleeNumber). May be masked with *, or any other text.';
COMMENT ON COLUMN teams.direct_routing_calls.media_path_location IS 'Datacenter that the media of a call without bypass ran through (Graph: mediaPathLocation), such as USWE.';
COMMENT ON COLUMN teams.direct_routing_calls.signaling_location IS 'Datacenter of the signaling (Graph: signalingLocation), such as EUNO.';
COMMENT ON COLUMN teams.direct_routing_calls.final_sip_code IS 'SIP response code that the call ended with (Graph: finalSipCode; RFC 3261); 0 is seen for successful calls.';
COMMENT ON COLUMN teams.direct_routing_calls.call_end_sub_reason IS 'Microsoft''s code of the reason, besides the SIP code (Graph: callEndSubReason), such as 540000 for a normal end.';
COMMENT ON COLUMN teams.direct_routing_calls.final_sip_code_phrase IS 'Description of the SIP code and Microsoft''s code (Graph: finalSipCodePhrase), such as BYE.';
COMMENT ON COLUMN teams.direct_routing_calls.trunk_fqdn IS 'Domain name of the session border controller (Graph: trunkFullyQualifiedDomainName).';
COMMENT ON COLUMN teams.direct_routing_calls.media_bypass_enabled IS 'Whether the trunk was enabled for media bypass (Graph: mediaBypassEnabled).';
COMMENT ON COLUMN teams.direct_routing_calls.transferor_correlation_id IS 'correlation_id of the transferor''s call (Graph beta: transferorCorrelationId); null for calls that were not transferred.';
COMMENT ON COLUMN teams.direct_routing_calls.user_country_code IS 'ISO 3166-1 alpha-2 country of the user (Graph beta: userCountryCode).';
COMMENT ON COLUMN teams.direct_routing_calls.other_party_country_code IS 'ISO 3166-1 alpha-2 country of the caller for inbound calls, of the callee for outbound ones (Graph beta: otherPartyCountryCode).';
COMMENT ON COLUMN teams.direct_routing_calls.administrative_unit_ids IS 'Administrative units of the user (Graph beta: administrativeUnitInfos, their id).';
COMMENT ON COLUMN teams.direct_routing_calls.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.direct_routing_calls.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.direct_routing_calls.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.direct_routing_calls.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.direct_routing_calls.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.direct_routing_calls.change_xid IS 'Transaction of the last change, for readers that follow changes.';

UPDATE ingest.schema_version SET version = 4;
