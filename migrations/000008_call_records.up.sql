-- Call records with their details: Graph's callRecord. Children are found by the
-- call's id and by their place in the arrays served, because ids repeat. There
-- are no foreign keys: details are written and replaced as a whole.

CREATE TABLE teams.call_records (
    tenant_id                         uuid NOT NULL,
    id                                uuid NOT NULL,
    version                           bigint NOT NULL,
    type                              text,
    modalities                        text[],
    start_at                          timestamptz,
    end_at                            timestamptz,
    last_modified_at                  timestamptz,
    join_web_url                      text,
    organizer_id                      text COLLATE "C",
    organizer_identity_kind           text,
    organizer_identity_id             text COLLATE "C",
    organizer_display_name            text,
    organizer_principal_name          text,
    organizer_tenant_id               uuid,
    organizer_user_id                 uuid,
    organizer_administrative_unit_ids text[],
    unknown_fields                    jsonb,
    ingested_at                       timestamptz NOT NULL DEFAULT now(),
    updated_at                        timestamptz NOT NULL,
    run_id                            bigint NOT NULL,
    row_hash                          bigint NOT NULL,
    change_xid                        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    session_count                     integer,
    details_version                   bigint,
    details_at                       timestamptz,
    -- Two columns, as the planner estimates badly how many rows satisfy such an
    -- expression, and would not use an index on it.
    reach_from                        timestamptz NOT NULL
        GENERATED ALWAYS AS (coalesce(start_at, ingested_at)) STORED,
    pending                           boolean NOT NULL
        GENERATED ALWAYS AS (details_version IS DISTINCT FROM version) STORED,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX call_records_start ON teams.call_records (start_at);
CREATE INDEX call_records_organizer ON teams.call_records (organizer_user_id);
CREATE INDEX call_records_change ON teams.call_records (tenant_id, change_xid);
CREATE INDEX call_records_pending ON teams.call_records (tenant_id, reach_from) WHERE pending;

COMMENT ON TABLE teams.call_records IS 'One row per call or meeting, as Graph''s callRecord serves it. Found by the list of call records; all but version is written when the record is read with its details (details_version). Children: call_participants, sessions and below, by call_id. Join organizer_user_id to teams.users.';
COMMENT ON COLUMN teams.call_records.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.call_records.id IS 'Unique id of the call (Graph: id), the same for all its versions. The same call can be in two tenants.';
COMMENT ON COLUMN teams.call_records.version IS 'Newest version that Graph was seen to serve (Graph: version). It rises as late telemetry arrives.';
COMMENT ON COLUMN teams.call_records.type IS 'Kind of call (Graph: type), such as groupCall, peerToPeer or unknown.';
COMMENT ON COLUMN teams.call_records.modalities IS 'What the call was made of (Graph: modalities), such as audio, video, videoBasedScreenSharing.';
COMMENT ON COLUMN teams.call_records.start_at IS 'When the first user joined (Graph: startDateTime), cut to the microsecond. Graph''s time windows apply to it.';
COMMENT ON COLUMN teams.call_records.end_at IS 'When the last user left (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.call_records.last_modified_at IS 'When Microsoft wrote the version (Graph: lastModifiedDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.call_records.join_web_url IS 'Address of the meeting (Graph: joinWebUrl); null for most calls of two.';
COMMENT ON COLUMN teams.call_records.organizer_id IS 'Id of the organizer as a participant (Graph: organizer_v2.id); null if no organizer was served.';
COMMENT ON COLUMN teams.call_records.organizer_identity_kind IS 'What the organizer is, by the one member of its identity set (Graph: organizer_v2.identity), such as user, phone, applicationInstance; null if there is none, or more than one.';
COMMENT ON COLUMN teams.call_records.organizer_identity_id IS 'Id of the organizer''s identity (Graph: id in organizer_v2.identity): a GUID in lower case, a number, or another id.';
COMMENT ON COLUMN teams.call_records.organizer_display_name IS 'Display name of the organizer (Graph: displayName in organizer_v2.identity); null for guests.';
COMMENT ON COLUMN teams.call_records.organizer_principal_name IS 'User principal name of the organizer (Graph: userPrincipalName in organizer_v2.identity); null unless a user.';
COMMENT ON COLUMN teams.call_records.organizer_tenant_id IS 'Entra tenant of the organizer (Graph: tenantId in organizer_v2.identity); null for phones and guests.';
COMMENT ON COLUMN teams.call_records.organizer_user_id IS 'Entra object id of the organizer (teams.users), read from its identity; null unless a user.';
COMMENT ON COLUMN teams.call_records.organizer_administrative_unit_ids IS 'Administrative units of the organizer (Graph: organizer_v2.administrativeUnitInfos, their id); null if none were served.';
COMMENT ON COLUMN teams.call_records.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.call_records.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.call_records.updated_at IS 'Graph''s time of the answer that the present content came from.';
COMMENT ON COLUMN teams.call_records.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.call_records.row_hash IS 'Hash of the content as served, with its details; tells changed from unchanged.';
COMMENT ON COLUMN teams.call_records.change_xid IS 'Transaction of the last change of the row or its details, for readers that follow changes.';
COMMENT ON COLUMN teams.call_records.session_count IS 'Number of sessions of the details stored; null until they are.';
COMMENT ON COLUMN teams.call_records.details_version IS 'Version of the details stored; null until some are. Below version: a newer one is to be read.';
COMMENT ON COLUMN teams.call_records.details_at IS 'When the details were stored, by the database''s clock; null until they are.';
COMMENT ON COLUMN teams.call_records.reach_from IS 'Since when Graph''s reach counts: start_at, or when the record was first listed where Graph does not say.';
COMMENT ON COLUMN teams.call_records.pending IS 'Whether the details of the newest version are still to be stored.';

CREATE TABLE teams.call_record_versions (
    tenant_id        uuid NOT NULL,
    call_id          uuid NOT NULL,
    version          bigint NOT NULL,
    last_modified_at timestamptz,
    seen_at          timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, call_id, version)
);

COMMENT ON TABLE teams.call_record_versions IS 'One row per version of a call record that Graph was seen to serve. Rows are only added.';
COMMENT ON COLUMN teams.call_record_versions.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.call_record_versions.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.call_record_versions.version IS 'The version (Graph: version).';
COMMENT ON COLUMN teams.call_record_versions.last_modified_at IS 'When Microsoft wrote it (Graph: lastModifiedDateTime), cut to the microsecond; null if not served.';
COMMENT ON COLUMN teams.call_record_versions.seen_at IS 'Graph''s time of the answer that showed it first.';

CREATE TABLE teams.call_participants (
    tenant_id               uuid NOT NULL,
    call_id                 uuid NOT NULL,
    participant_index       integer NOT NULL,
    participant_id          text COLLATE "C",
    identity_kind           text,
    identity_id             text COLLATE "C",
    display_name            text,
    principal_name          text,
    identity_tenant_id      uuid,
    user_id                 uuid,
    identity_endpoint_type  text,
    administrative_unit_ids text[],
    unknown_fields          jsonb,
    PRIMARY KEY (tenant_id, call_id, participant_index)
);

COMMENT ON TABLE teams.call_participants IS 'One row per participant of a call, as served (Graph: participants_v2). Graph may leave some out who are in session_endpoints. Join call_id to call_records, user_id to teams.users.';
COMMENT ON COLUMN teams.call_participants.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.call_participants.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.call_participants.participant_index IS 'Place of the participant, from 0, in the order served.';
COMMENT ON COLUMN teams.call_participants.participant_id IS 'Id of the participant (Graph: id): a GUID in lower case, a number, or another id. Two participants can share it.';
COMMENT ON COLUMN teams.call_participants.identity_kind IS 'What the participant is, by the one member of its identity set (Graph: identity), such as user, phone, guest, acsUser, applicationInstance; null if there is none, or more than one.';
COMMENT ON COLUMN teams.call_participants.identity_id IS 'Id of the identity (Graph: id in identity). teamsvisitor:… is a guest without an account.';
COMMENT ON COLUMN teams.call_participants.display_name IS 'Display name (Graph: displayName in identity); null for guests.';
COMMENT ON COLUMN teams.call_participants.principal_name IS 'User principal name (Graph: userPrincipalName in identity); null unless a user.';
COMMENT ON COLUMN teams.call_participants.identity_tenant_id IS 'Entra tenant of the identity (Graph: tenantId in identity); null for phones and guests.';
COMMENT ON COLUMN teams.call_participants.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN teams.call_participants.identity_endpoint_type IS 'Type of endpoint of the identity (Graph: identity.endpointType), such as voicemail; null for most.';
COMMENT ON COLUMN teams.call_participants.administrative_unit_ids IS 'Administrative units of the user (Graph: administrativeUnitInfos, their id); null if none were served.';
COMMENT ON COLUMN teams.call_participants.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.sessions (
    tenant_id      uuid NOT NULL,
    call_id        uuid NOT NULL,
    session_index  integer NOT NULL,
    session_id     uuid,
    start_at       timestamptz,
    end_at         timestamptz,
    modalities     text[],
    failure_stage  text,
    failure_reason text,
    is_test        boolean,
    unknown_fields jsonb,
    PRIMARY KEY (tenant_id, call_id, session_index)
);
CREATE INDEX sessions_start ON teams.sessions (start_at);
CREATE INDEX sessions_test ON teams.sessions (tenant_id, call_id, session_index) WHERE is_test;

COMMENT ON TABLE teams.sessions IS 'One row per session of a call: one endpoint talking to another or to a server (Graph: sessions). A group call has at least one per participant. Join call_id to call_records.';
COMMENT ON COLUMN teams.sessions.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.sessions.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.sessions.session_index IS 'Place of the session, from 0, in the order served.';
COMMENT ON COLUMN teams.sessions.session_id IS 'Id of the session (Graph: id). Not unique: one session can be served several times, one for each service in it.';
COMMENT ON COLUMN teams.sessions.start_at IS 'When the first user joined the session (Graph: startDateTime), cut to the microsecond. May lie outside the call''s times.';
COMMENT ON COLUMN teams.sessions.end_at IS 'When the last user left the session (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.sessions.modalities IS 'What the session was made of (Graph: modalities).';
COMMENT ON COLUMN teams.sessions.failure_stage IS 'Stage at which it failed (Graph: failureInfo.stage), such as callSetup or midcall; null if it did not fail.';
COMMENT ON COLUMN teams.sessions.failure_reason IS 'Why it failed, in Microsoft''s words (Graph: failureInfo.reason); null if it did not fail.';
COMMENT ON COLUMN teams.sessions.is_test IS 'Whether it belongs to a test call (Graph: isTest); null in clouds that do not say.';
COMMENT ON COLUMN teams.sessions.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.session_endpoints (
    tenant_id                  uuid NOT NULL,
    call_id                    uuid NOT NULL,
    session_index              integer NOT NULL,
    side                       text NOT NULL,
    endpoint_type              text,
    identity_id                text COLLATE "C",
    display_name               text,
    principal_name             text,
    identity_tenant_id         uuid,
    identity_kind              text,
    user_id                    uuid,
    endpoint_name              text,
    cpu_name                   text,
    cpu_cores_count            integer,
    cpu_processor_speed_in_mhz integer,
    user_agent_header          text,
    application_version        text,
    platform                   text,
    product_family             text,
    azure_ad_app_id            uuid,
    communication_service_id   text COLLATE "C",
    service_role               text,
    feedback_rating            text,
    feedback_text              text,
    feedback_tokens            jsonb,
    unknown_fields             jsonb,
    PRIMARY KEY (tenant_id, call_id, session_index, side)
);
CREATE INDEX session_endpoints_user ON teams.session_endpoints (user_id, call_id);
-- Calls over queues and auto attendants are few.
CREATE INDEX session_endpoints_voice_app ON teams.session_endpoints (tenant_id, call_id)
    WHERE lower(service_role) IN ('skypeforbusinesscallqueues', 'skypeforbusinessautoattendant')
        OR strpos(lower(user_agent_header), 'callqueue') > 0
        OR strpos(lower(user_agent_header), 'autoattendant') > 0;

COMMENT ON TABLE teams.session_endpoints IS 'The caller and the callee of each session (Graph: sessions, their caller and callee), where served. Join (call_id, session_index) to sessions, user_id to teams.users.';
COMMENT ON COLUMN teams.session_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.session_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.session_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.session_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN teams.session_endpoints.endpoint_type IS 'What the endpoint is: participant, service or other, by its type in Graph.';
COMMENT ON COLUMN teams.session_endpoints.identity_id IS 'Id of the participant''s identity (Graph: associatedIdentity.id): a GUID in lower case, a number, or another id; null for services.';
COMMENT ON COLUMN teams.session_endpoints.display_name IS 'Display name (Graph: associatedIdentity.displayName); null for guests and services.';
COMMENT ON COLUMN teams.session_endpoints.principal_name IS 'User principal name (Graph: associatedIdentity.userPrincipalName); null unless a user.';
COMMENT ON COLUMN teams.session_endpoints.identity_tenant_id IS 'Entra tenant of the identity (Graph: associatedIdentity.tenantId); null for phones, guests and services.';
COMMENT ON COLUMN teams.session_endpoints.identity_kind IS 'What the identity is, by its type in Graph or else the form of its id: user, guest, phone, application and the like; null if neither tells.';
COMMENT ON COLUMN teams.session_endpoints.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN teams.session_endpoints.endpoint_name IS 'Name of the device (Graph: name); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.cpu_name IS 'Processor of the device (Graph: cpuName); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.cpu_cores_count IS 'Cores of the processor (Graph: cpuCoresCount); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.cpu_processor_speed_in_mhz IS 'Speed of the processor in MHz (Graph: cpuProcessorSpeedInMhz); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.user_agent_header IS 'User agent as reported (Graph: userAgent.headerValue); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.application_version IS 'Version of the application (Graph: userAgent.applicationVersion); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.platform IS 'Platform of a client (Graph: userAgent.platform), such as windows, macOS, iOS, ipPhone; null for services.';
COMMENT ON COLUMN teams.session_endpoints.product_family IS 'Product of a client (Graph: userAgent.productFamily), such as teams or azureCommunicationServices; null for services.';
COMMENT ON COLUMN teams.session_endpoints.azure_ad_app_id IS 'Entra application of a client (Graph: userAgent.azureADAppId); null for most.';
COMMENT ON COLUMN teams.session_endpoints.communication_service_id IS 'Azure Communication Services resource of a client (Graph: userAgent.communicationServiceId); null for others.';
COMMENT ON COLUMN teams.session_endpoints.service_role IS 'Role of a service (Graph: userAgent.role), such as mediationServer or skypeForBusinessAutoAttendant; null for clients.';
COMMENT ON COLUMN teams.session_endpoints.feedback_rating IS 'Rating by the user (Graph: feedback.rating), from bad to excellent, or notRated; null if no feedback was served.';
COMMENT ON COLUMN teams.session_endpoints.feedback_text IS 'The user''s words (Graph: feedback.text); null if none.';
COMMENT ON COLUMN teams.session_endpoints.feedback_tokens IS 'The user''s answers to what went wrong, name and true or false (Graph: feedback.tokens); null if none. Names change.';
COMMENT ON COLUMN teams.session_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.segments (
    tenant_id      uuid NOT NULL,
    call_id        uuid NOT NULL,
    session_index  integer NOT NULL,
    segment_index  integer NOT NULL,
    segment_id     uuid,
    start_at       timestamptz,
    end_at         timestamptz,
    failure_stage  text,
    failure_reason text,
    unknown_fields jsonb,
    PRIMARY KEY (tenant_id, call_id, session_index, segment_index)
);
CREATE INDEX segments_start ON teams.segments (start_at);

COMMENT ON TABLE teams.segments IS 'One row per segment of a session: one leg between two endpoints (Graph: segments). A call over the telephone network has several. Join (call_id, session_index) to sessions.';
COMMENT ON COLUMN teams.segments.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.segments.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.segments.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.segments.segment_index IS 'Place of the segment, from 0, in the order served.';
COMMENT ON COLUMN teams.segments.segment_id IS 'Id of the segment (Graph: id). In a call of two it is the call''s own.';
COMMENT ON COLUMN teams.segments.start_at IS 'Start of the segment (Graph: startDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.segments.end_at IS 'End of the segment (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.segments.failure_stage IS 'Stage at which it failed (Graph: failureInfo.stage), such as callSetup or midcall; null if it did not fail.';
COMMENT ON COLUMN teams.segments.failure_reason IS 'Why it failed, in Microsoft''s words (Graph: failureInfo.reason); null if it did not fail.';
COMMENT ON COLUMN teams.segments.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.segment_endpoints (
    tenant_id                  uuid NOT NULL,
    call_id                    uuid NOT NULL,
    session_index              integer NOT NULL,
    segment_index              integer NOT NULL,
    side                       text NOT NULL,
    endpoint_type              text,
    identity_id                text COLLATE "C",
    display_name               text,
    principal_name             text,
    identity_tenant_id         uuid,
    identity_kind              text,
    user_id                    uuid,
    endpoint_name              text,
    cpu_name                   text,
    cpu_cores_count            integer,
    cpu_processor_speed_in_mhz integer,
    user_agent_header          text,
    application_version        text,
    platform                   text,
    product_family             text,
    azure_ad_app_id            uuid,
    communication_service_id   text COLLATE "C",
    service_role               text,
    feedback_rating            text,
    feedback_text              text,
    feedback_tokens            jsonb,
    unknown_fields             jsonb,
    PRIMARY KEY (tenant_id, call_id, session_index, segment_index, side)
);
CREATE INDEX segment_endpoints_user ON teams.segment_endpoints (user_id, call_id);

COMMENT ON TABLE teams.segment_endpoints IS 'The caller and the callee of each segment (Graph: segments, their caller and callee), where served; they may differ from those of its session. Join (call_id, session_index, segment_index) to segments, user_id to teams.users.';
COMMENT ON COLUMN teams.segment_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.segment_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.segment_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.segment_endpoints.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.segment_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN teams.segment_endpoints.endpoint_type IS 'What the endpoint is: participant, service or other, by its type in Graph.';
COMMENT ON COLUMN teams.segment_endpoints.identity_id IS 'Id of the participant''s identity (Graph: associatedIdentity.id): a GUID in lower case, a number, or another id; null for services.';
COMMENT ON COLUMN teams.segment_endpoints.display_name IS 'Display name (Graph: associatedIdentity.displayName); null for guests and services.';
COMMENT ON COLUMN teams.segment_endpoints.principal_name IS 'User principal name (Graph: associatedIdentity.userPrincipalName); null unless a user.';
COMMENT ON COLUMN teams.segment_endpoints.identity_tenant_id IS 'Entra tenant of the identity (Graph: associatedIdentity.tenantId); null for phones, guests and services.';
COMMENT ON COLUMN teams.segment_endpoints.identity_kind IS 'What the identity is, by its type in Graph or else the form of its id: user, guest, phone, application and the like; null if neither tells.';
COMMENT ON COLUMN teams.segment_endpoints.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN teams.segment_endpoints.endpoint_name IS 'Name of the device (Graph: name); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.cpu_name IS 'Processor of the device (Graph: cpuName); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.cpu_cores_count IS 'Cores of the processor (Graph: cpuCoresCount); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.cpu_processor_speed_in_mhz IS 'Speed of the processor in MHz (Graph: cpuProcessorSpeedInMhz); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.user_agent_header IS 'User agent as reported (Graph: userAgent.headerValue); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.application_version IS 'Version of the application (Graph: userAgent.applicationVersion); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.platform IS 'Platform of a client (Graph: userAgent.platform), such as windows, macOS, iOS, ipPhone; null for services.';
COMMENT ON COLUMN teams.segment_endpoints.product_family IS 'Product of a client (Graph: userAgent.productFamily), such as teams or azureCommunicationServices; null for services.';
COMMENT ON COLUMN teams.segment_endpoints.azure_ad_app_id IS 'Entra application of a client (Graph: userAgent.azureADAppId); null for most.';
COMMENT ON COLUMN teams.segment_endpoints.communication_service_id IS 'Azure Communication Services resource of a client (Graph: userAgent.communicationServiceId); null for others.';
COMMENT ON COLUMN teams.segment_endpoints.service_role IS 'Role of a service (Graph: userAgent.role), such as mediationServer or skypeForBusinessAutoAttendant; null for clients.';
COMMENT ON COLUMN teams.segment_endpoints.feedback_rating IS 'Rating by the user (Graph: feedback.rating), from bad to excellent, or notRated; null if no feedback was served.';
COMMENT ON COLUMN teams.segment_endpoints.feedback_text IS 'The user''s words (Graph: feedback.text); null if none.';
COMMENT ON COLUMN teams.segment_endpoints.feedback_tokens IS 'The user''s answers to what went wrong, name and true or false (Graph: feedback.tokens); null if none. Names change.';
COMMENT ON COLUMN teams.segment_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.segment_media (
    tenant_id      uuid NOT NULL,
    call_id        uuid NOT NULL,
    session_index  integer NOT NULL,
    segment_index  integer NOT NULL,
    media_index    integer NOT NULL,
    label          text,
    unknown_fields jsonb,
    PRIMARY KEY (tenant_id, call_id, session_index, segment_index, media_index)
);

COMMENT ON TABLE teams.segment_media IS 'One row per media of a segment (Graph: media). Join (call_id, session_index, segment_index) to segments.';
COMMENT ON COLUMN teams.segment_media.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.segment_media.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.segment_media.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.segment_media.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.segment_media.media_index IS 'Place of the media, from 0, in the order served.';
COMMENT ON COLUMN teams.segment_media.label IS 'Name of the media in its negotiation (Graph: label), such as main-audio; null if not served.';
COMMENT ON COLUMN teams.segment_media.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.media_endpoints (
    tenant_id                             uuid NOT NULL,
    call_id                               uuid NOT NULL,
    session_index                         integer NOT NULL,
    segment_index                         integer NOT NULL,
    media_index                           integer NOT NULL,
    side                                  text NOT NULL,
    capture_device_name                   text,
    capture_device_driver                 text,
    render_device_name                    text,
    render_device_driver                  text,
    capture_not_functioning_event_ratio   double precision,
    cpu_insufficent_event_ratio           double precision,
    device_clipping_event_ratio           double precision,
    device_glitch_event_ratio             double precision,
    initial_signal_level_root_mean_square double precision,
    low_speech_level_event_ratio          double precision,
    low_speech_to_noise_event_ratio       double precision,
    mic_glitch_rate                       double precision,
    speaker_glitch_rate                   double precision,
    render_mute_event_ratio               double precision,
    render_not_functioning_event_ratio    double precision,
    render_zero_volume_event_ratio        double precision,
    howling_event_count                   integer,
    received_noise_level                  integer,
    received_signal_level                 integer,
    sent_noise_level                      integer,
    sent_signal_level                     integer,
    connection_type                       text,
    network_transport_protocol            text,
    wifi_band                             text,
    wifi_radio_type                       text,
    basic_service_set_identifier          text,
    dns_suffix                            text,
    mac_address                           text,
    subnet                                text,
    wifi_microsoft_driver                 text,
    wifi_microsoft_driver_version         text,
    wifi_vendor_driver                    text,
    wifi_vendor_driver_version            text,
    ip_address                            inet,
    reflexive_ip_address                  inet,
    relay_ip_address                      inet,
    port                                  integer,
    relay_port                            integer,
    wifi_battery_charge                   integer,
    wifi_channel                          integer,
    wifi_signal_strength                  integer,
    link_speed                            bigint,
    bandwidth_low_event_ratio             double precision,
    delay_event_ratio                     double precision,
    received_quality_event_ratio          double precision,
    sent_quality_event_ratio              double precision,
    trace_route_hops                      jsonb,
    unknown_fields                        jsonb,
    PRIMARY KEY (tenant_id, call_id, session_index, segment_index, media_index, side)
);
CREATE INDEX media_endpoints_subnet ON teams.media_endpoints (subnet);
CREATE INDEX media_endpoints_capture_device ON teams.media_endpoints (capture_device_name);

COMMENT ON TABLE teams.media_endpoints IS 'Device and network of the caller and of the callee of each media (Graph: callerDevice, callerNetwork, calleeDevice, calleeNetwork), where served. Join (call_id, session_index, segment_index, media_index) to segment_media.';
COMMENT ON COLUMN teams.media_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.media_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.media_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.media_endpoints.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.media_endpoints.media_index IS 'The media (teams.segment_media).';
COMMENT ON COLUMN teams.media_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN teams.media_endpoints.capture_device_name IS 'Microphone or camera (Graph: captureDeviceName); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.capture_device_driver IS 'Its driver (Graph: captureDeviceDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.render_device_name IS 'Loudspeaker or screen (Graph: renderDeviceName); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.render_device_driver IS 'Its driver (Graph: renderDeviceDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.capture_not_functioning_event_ratio IS 'Share of the call, 0 to 1, with a capture device that did not work (Graph: captureNotFunctioningEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.cpu_insufficent_event_ratio IS 'Share of the call, 0 to 1, with too little processor time (Graph: cpuInsufficentEventRatio, so spelt); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.device_clipping_event_ratio IS 'Share of the call, 0 to 1, with a clipped signal (Graph: deviceClippingEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.device_glitch_event_ratio IS 'Share of the call, 0 to 1, with glitches of the device (Graph: deviceGlitchEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.initial_signal_level_root_mean_square IS 'Root mean square of the incoming signal in the first 30 seconds (Graph: initialSignalLevelRootMeanSquare); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.low_speech_level_event_ratio IS 'Share of the call, 0 to 1, with speech too low (Graph: lowSpeechLevelEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.low_speech_to_noise_event_ratio IS 'Share of the call, 0 to 1, with speech too low for the noise (Graph: lowSpeechToNoiseEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.mic_glitch_rate IS 'Glitches of the microphone per 5 minutes (Graph: micGlitchRate); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.speaker_glitch_rate IS 'Glitches of the loudspeaker per 5 minutes (Graph: speakerGlitchRate); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.render_mute_event_ratio IS 'Share of the call, 0 to 1, with the loudspeaker muted (Graph: renderMuteEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.render_not_functioning_event_ratio IS 'Share of the call, 0 to 1, with a render device that did not work (Graph: renderNotFunctioningEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.render_zero_volume_event_ratio IS 'Share of the call, 0 to 1, with the volume at zero (Graph: renderZeroVolumeEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.howling_event_count IS 'How often there was acoustic feedback (Graph: howlingEventCount); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.received_noise_level IS 'Average level of noise received, in dB, below zero (Graph: receivedNoiseLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.received_signal_level IS 'Average level of the signal received, in dB, below zero (Graph: receivedSignalLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.sent_noise_level IS 'Average level of noise sent, in dB, below zero (Graph: sentNoiseLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.sent_signal_level IS 'Average level of the signal sent, in dB, below zero (Graph: sentSignalLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.connection_type IS 'Kind of network (Graph: connectionType), such as wired, wifi, mobile, tunnel, unknown; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.network_transport_protocol IS 'udp, tcp or unknown (Graph: networkTransportProtocol); null if not served.';
COMMENT ON COLUMN teams.media_endpoints.wifi_band IS 'Band of the Wi-Fi (Graph: wifiBand), such as frequency24GHz, or unknown; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.wifi_radio_type IS 'Standard of the Wi-Fi (Graph: wifiRadioType), such as wifi80211ax, or unknown; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.basic_service_set_identifier IS 'Access point of the Wi-Fi (Graph: basicServiceSetIdentifier); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.dns_suffix IS 'DNS suffix of the network adapter (Graph: dnsSuffix); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.mac_address IS 'Hardware address of the network adapter (Graph: macAddress), as served; null if unknown. Devices that hide it serve zeros or 02:00:00:00:00:00.';
COMMENT ON COLUMN teams.media_endpoints.subnet IS 'Subnet of the address (Graph: subnet), as served: its first address, without a length; null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_microsoft_driver IS 'Microsoft''s Wi-Fi driver, maybe in the user''s language (Graph: wifiMicrosoftDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_microsoft_driver_version IS 'Its version (Graph: wifiMicrosoftDriverVersion); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_vendor_driver IS 'The vendor''s Wi-Fi driver, maybe in the user''s language (Graph: wifiVendorDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_vendor_driver_version IS 'Its version (Graph: wifiVendorDriverVersion); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.ip_address IS 'Address of the endpoint (Graph: ipAddress); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.reflexive_ip_address IS 'Address that the media relay saw, mostly the public one (Graph: reflexiveIPAddress); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.relay_ip_address IS 'Address of the media relay (Graph: relayIPAddress); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.port IS 'Port of the endpoint (Graph: port); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.relay_port IS 'Port of the media relay (Graph: relayPort); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_battery_charge IS 'Battery charge in percent (Graph: wifiBatteryCharge); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_channel IS 'Channel of the Wi-Fi (Graph: wifiChannel); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_signal_strength IS 'Signal of the Wi-Fi in percent (Graph: wifiSignalStrength); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.link_speed IS 'Speed of the network adapter in bits per second (Graph: linkSpeed); null if unknown, also where Graph says so by 4294967295.';
COMMENT ON COLUMN teams.media_endpoints.bandwidth_low_event_ratio IS 'Share of the call, 0 to 1, with too little bandwidth for good audio (Graph: bandwidthLowEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.delay_event_ratio IS 'Share of the call, 0 to 1, with a delay that hinders talking (Graph: delayEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.received_quality_event_ratio IS 'Share of the call, 0 to 1, with poor audio received, for the network (Graph: receivedQualityEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.sent_quality_event_ratio IS 'Share of the call, 0 to 1, with poor audio sent, for the network (Graph: sentQualityEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.trace_route_hops IS 'Route to the media relay, as served (Graph: traceRouteHops): hopCount, ipAddress, roundTripTime as an ISO 8601 duration. Empty unless Microsoft''s support turned it on; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.media_streams (
    tenant_id                                      uuid NOT NULL,
    call_id                                        uuid NOT NULL,
    session_index                                  integer NOT NULL,
    segment_index                                  integer NOT NULL,
    media_index                                    integer NOT NULL,
    stream_index                                   integer NOT NULL,
    stream_id                                      text,
    stream_direction                               text,
    start_at                                       timestamptz,
    end_at                                         timestamptz,
    audio_codec                                    text,
    video_codec                                    text,
    packet_utilization                             bigint,
    average_bandwidth_estimate                     bigint,
    average_jitter_ms                              double precision,
    max_jitter_ms                                  double precision,
    average_round_trip_time_ms                     double precision,
    max_round_trip_time_ms                         double precision,
    average_audio_network_jitter_ms                double precision,
    max_audio_network_jitter_ms                    double precision,
    average_freeze_duration_ms                     double precision,
    rms_freeze_duration_ms                         double precision,
    average_packet_loss_rate                       double precision,
    max_packet_loss_rate                           double precision,
    average_audio_degradation                      double precision,
    average_ratio_of_concealed_samples             double precision,
    max_ratio_of_concealed_samples                 double precision,
    average_received_frame_rate                    double precision,
    average_video_frame_loss_percentage            double precision,
    average_video_frame_rate                       double precision,
    average_video_packet_loss_rate                 double precision,
    post_forward_error_correction_packet_loss_rate double precision,
    low_frame_rate_ratio                           double precision,
    low_video_processing_capability_ratio          double precision,
    is_audio_forward_error_correction_used         boolean,
    was_media_bypassed                             boolean,
    unknown_fields                                 jsonb,
    PRIMARY KEY (tenant_id, call_id, session_index, segment_index, media_index, stream_index)
);

COMMENT ON TABLE teams.media_streams IS 'One row per stream of a media, one direction each (Graph: streams). Join (call_id, session_index, segment_index, media_index) to segment_media. Values of audio are null for video and the reverse.';
COMMENT ON COLUMN teams.media_streams.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.media_streams.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.media_streams.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.media_streams.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.media_streams.media_index IS 'The media (teams.segment_media).';
COMMENT ON COLUMN teams.media_streams.stream_index IS 'Place of the stream, from 0, in the order served.';
COMMENT ON COLUMN teams.media_streams.stream_id IS 'Id of the stream (Graph: streamId), unique in its media only; null if not served.';
COMMENT ON COLUMN teams.media_streams.stream_direction IS 'callerToCallee or calleeToCaller (Graph: streamDirection).';
COMMENT ON COLUMN teams.media_streams.start_at IS 'Start of the stream (Graph: startDateTime), cut to the microsecond; null unless it ran over SIP.';
COMMENT ON COLUMN teams.media_streams.end_at IS 'End of the stream (Graph: endDateTime), cut to the microsecond; null unless it ran over SIP.';
COMMENT ON COLUMN teams.media_streams.audio_codec IS 'Audio codec (Graph: audioCodec); null if unknown.';
COMMENT ON COLUMN teams.media_streams.video_codec IS 'Video codec (Graph: videoCodec); null if unknown.';
COMMENT ON COLUMN teams.media_streams.packet_utilization IS 'Number of packets (Graph: packetUtilization); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_bandwidth_estimate IS 'Average bandwidth estimated, in bits per second (Graph: averageBandwidthEstimate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_jitter_ms IS 'Average jitter (RFC 3550) in milliseconds (Graph: averageJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_jitter_ms IS 'Greatest jitter (RFC 3550) in milliseconds (Graph: maxJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_round_trip_time_ms IS 'Average round-trip time (RFC 3550) in milliseconds (Graph: averageRoundTripTime); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_round_trip_time_ms IS 'Greatest round-trip time (RFC 3550) in milliseconds (Graph: maxRoundTripTime); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_audio_network_jitter_ms IS 'Average jitter of the network for audio in milliseconds (Graph: averageAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_audio_network_jitter_ms IS 'Greatest jitter of the network for audio, in windows of 20 seconds, in milliseconds (Graph: maxAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_freeze_duration_ms IS 'Average duration of freezes of received video in milliseconds (Graph: averageFreezeDuration); null if not measured.';
COMMENT ON COLUMN teams.media_streams.rms_freeze_duration_ms IS 'Root mean square of the durations of freezes of received video in milliseconds (Graph: rmsFreezeDuration); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_packet_loss_rate IS 'Average share of packets lost, 0 to 1 (Graph: averagePacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_packet_loss_rate IS 'Greatest share of packets lost, 0 to 1 (Graph: maxPacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_audio_degradation IS 'Points of mean opinion score that loss and jitter took from the audio received (Graph: averageAudioDegradation); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_ratio_of_concealed_samples IS 'Average share of audio frames with concealed samples, 0 to 1 (Graph: averageRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_ratio_of_concealed_samples IS 'Greatest share of audio frames with concealed samples, 0 to 1 (Graph: maxRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_received_frame_rate IS 'Average frames per second received, over all video streams of the session (Graph: averageReceivedFrameRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_video_frame_loss_percentage IS 'Average percentage of video frames lost as shown, 0 to 100 (Graph: averageVideoFrameLossPercentage); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_video_frame_rate IS 'Average frames per second of video (Graph: averageVideoFrameRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_video_packet_loss_rate IS 'Average share of video packets lost, 0 to 1 (RFC 3550) (Graph: averageVideoPacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.post_forward_error_correction_packet_loss_rate IS 'Share of packets lost after error correction, 0 to 1, over all video streams (Graph: postForwardErrorCorrectionPacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.low_frame_rate_ratio IS 'Share of the call with less than 7.5 frames per second, 0 to 1 (Graph: lowFrameRateRatio); null if not measured.';
COMMENT ON COLUMN teams.media_streams.low_video_processing_capability_ratio IS 'Share of the call with less than 70 % of the video processing expected, 0 to 1 (Graph: lowVideoProcessingCapabilityRatio); null if not measured.';
COMMENT ON COLUMN teams.media_streams.is_audio_forward_error_correction_used IS 'Whether error correction was used for audio at some time (Graph: isAudioForwardErrorCorrectionUsed); null if unknown.';
COMMENT ON COLUMN teams.media_streams.was_media_bypassed IS 'Whether the stream went past the mediation server, from client to gateway (Graph: wasMediaBypassed); null if unknown.';
COMMENT ON COLUMN teams.media_streams.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE ingest.details_retries (
    tenant_id  uuid NOT NULL,
    call_id    uuid NOT NULL,
    attempts   integer NOT NULL,
    since      timestamptz NOT NULL,
    failed_at  timestamptz NOT NULL,
    next_at    timestamptz NOT NULL,
    state      text NOT NULL,
    request_id text,
    code       text NOT NULL,
    error      text NOT NULL,
    body       bytea,
    run_id     bigint NOT NULL,
    PRIMARY KEY (tenant_id, call_id)
);

COMMENT ON TABLE ingest.details_retries IS 'Call records whose newest version could not be read with its details. Storing that version takes the row away. Bodies may hold personal data.';
COMMENT ON COLUMN ingest.details_retries.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.details_retries.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN ingest.details_retries.attempts IS 'How often it was tried since its details were last stored.';
COMMENT ON COLUMN ingest.details_retries.since IS 'Graph''s time of the first attempt since its details were last stored.';
COMMENT ON COLUMN ingest.details_retries.failed_at IS 'Graph''s time of the last attempt.';
COMMENT ON COLUMN ingest.details_retries.next_at IS 'When it is tried again, by Graph''s clock.';
COMMENT ON COLUMN ingest.details_retries.state IS 'waiting: Graph does not have it yet, or only an older version; it is tried at growing intervals. parked: it failed again and again; it is tried once a day.';
COMMENT ON COLUMN ingest.details_retries.request_id IS 'Graph''s request-id of the last attempt, for Microsoft''s support; null if Graph did not answer.';
COMMENT ON COLUMN ingest.details_retries.code IS 'Cause of the last failure as one word for programs, such as graph_failing.';
COMMENT ON COLUMN ingest.details_retries.error IS 'What it failed with last, with the next step.';
COMMENT ON COLUMN ingest.details_retries.body IS 'The first 64 KiB of what was answered in place of the record; null if nothing.';
COMMENT ON COLUMN ingest.details_retries.run_id IS 'The run that tried it last (ingest.runs).';

-- ANALYZE takes the rows of one call, which lie side by side, for 3 to 6 times
-- fewer calls than there are. A negative number is a share of the rows.
ALTER TABLE teams.sessions          ALTER COLUMN call_id SET (n_distinct = -0.2);
ALTER TABLE teams.segments          ALTER COLUMN call_id SET (n_distinct = -0.2);
ALTER TABLE teams.session_endpoints ALTER COLUMN call_id SET (n_distinct = -0.1);
ALTER TABLE teams.segment_endpoints ALTER COLUMN call_id SET (n_distinct = -0.1);
ALTER TABLE teams.segment_media     ALTER COLUMN call_id SET (n_distinct = -0.12);
ALTER TABLE teams.media_endpoints   ALTER COLUMN call_id SET (n_distinct = -0.06);
ALTER TABLE teams.media_streams     ALTER COLUMN call_id SET (n_distinct = -0.03);
ALTER TABLE teams.call_participants ALTER COLUMN call_id SET (n_distinct = -0.25);

UPDATE ingest.schema_version SET version = 8;
