-- What every schema, view, table, column and function for analysts means, where it can be read by any tool.
--
-- A comment is plain sentences, each with its full stop. Programs (dbt sources, the data dictionary) read these parts:
--
--   view    'One row per ….  …  Key: tenant_id, day, media_kind. Filter on: day. No personal data.'
--           Key: the columns that are unique together; null counts as a value. Filter on: the column that a condition
--           has to name for an index to be used, or nothing where the view is small or has no time. The last sentence
--           is Personal data. or No personal data.; these three end the comment, in this order.
--   column  'Meaning, in unit (source).  One of: good, poor, unclassified.  …; null if ….'
--           One of: all the values there are; where more may come it says such as. Null is explained in a clause of its
--           own that follows a semicolon; a column whose comment does not say null is never null.
--           Seconds, milliseconds, 0 to 1 or 0 to 100 stand where the name ends in _s, _ms or _pct.
--   other   'What it is, or does.'
--
-- Names in Key and Filter on are separated by a comma and a space, as the catalog has them, without quotes.

COMMENT ON SCHEMA analytics IS 'Views for analysts. Inside a major version they gain columns at their end and lose none. Ratios are 0 to 1, columns in _pct 0 to 100, money always has its currency beside it, enums are compared without regard to case. Views of hours, days and months are read from rollup, all others from teams. Counts of distinct people are not to be added up over days or trunks.';
COMMENT ON SCHEMA ref IS 'Lists that you may edit: an upgrade adds rows and never changes yours. A list with tenant_id has rows of one tenant and, where it is null, of all; the own row of a tenant wins. Also the calendars of the report time zone.';
COMMENT ON SCHEMA live IS 'What rollup is filled from: views that compute every hour and day from teams, and the building blocks of views. Slow by design; granted to no reader.';
COMMENT ON SCHEMA rollup IS 'Tables behind the views of hours, days and months, filled from live by the daemon where data has changed; and what it needs to know of that. Granted to no reader.';

-- Calls and meetings.

COMMENT ON VIEW analytics.calls IS 'One row per call or meeting whose details are stored (teams.call_records). Key: tenant_id, call_id. Filter on: start_at. Personal data.';
COMMENT ON COLUMN analytics.calls.call_kind_source IS 'How call_kind is known: Graph says it (api), or the details show it (inferred). One of: api, inferred.';
COMMENT ON COLUMN analytics.calls.start_at IS 'When the first user joined (Graph: startDateTime); null if not served.';
COMMENT ON COLUMN analytics.calls.end_at IS 'When the last user left (Graph: endDateTime); null if not served.';
COMMENT ON COLUMN analytics.calls.duration_s IS 'From start_at to end_at, in seconds; null without one of them.';
COMMENT ON COLUMN analytics.calls.modalities IS 'What the call was made of (Graph: modalities), joined by commas, such as audio,video; null if not served.';
COMMENT ON COLUMN analytics.calls.organizer_identity_kind IS 'What the organizer is, such as user, phone, applicationInstance; null if none or more than one was served.';
COMMENT ON COLUMN analytics.calls.organizer_identity_id IS 'Id of the organizer''s identity (a user id, a number, another id); null if no organizer was served.';
COMMENT ON COLUMN analytics.calls.organizer_user_id IS 'Entra object id of the organizer; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.calls.organizer_display_name IS 'Display name of the organizer at the time of the call; null for guests and where not served.';
COMMENT ON COLUMN analytics.calls.organizer_principal_name IS 'User principal name of the organizer at the time of the call; null unless a user.';
COMMENT ON COLUMN analytics.calls.participant_count IS 'Different identities among the participants, without services (ref.service_identities).';
COMMENT ON COLUMN analytics.calls.session_count IS 'Sessions of the call: connections of two endpoints.';
COMMENT ON COLUMN analytics.calls.version IS 'Newest version of the record that Graph was seen to serve; it rises as late telemetry arrives.';
COMMENT ON COLUMN analytics.calls.is_final IS 'Whether Microsoft has left the record unchanged for 4 hours, after which changes are rare.';

COMMENT ON VIEW analytics.participants IS 'One row per identity that took part in a call, found among its participants or on a side of its sessions. Key: tenant_id, call_id, identity_id. Filter on: call_start_at. Personal data.';

COMMENT ON VIEW analytics.meeting_attendance IS 'One row per identity in a group call: from when to when, and how long. Services and identities without an id are left out. Key: tenant_id, call_id, identity_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.meeting_attendance.first_join_at IS 'Start of the first session; null if not served.';
COMMENT ON COLUMN analytics.meeting_attendance.last_leave_at IS 'End of the last session; null if not served.';
COMMENT ON COLUMN analytics.meeting_attendance.attended_s IS 'Time covered by the sessions together, in seconds; two at once count once.';
COMMENT ON COLUMN analytics.meeting_attendance.joins IS 'Stretches of attendance: sessions that overlap or touch are one; 0 if none had a length.';
COMMENT ON COLUMN analytics.meeting_attendance.sessions IS 'Sessions of the identity in the call.';
COMMENT ON COLUMN analytics.meeting_attendance.late_s IS 'From the start of the call to first_join_at, in seconds; null without one of them.';
COMMENT ON COLUMN analytics.meeting_attendance.platforms IS 'Platforms it joined from, joined by commas, such as windows,iOS; null if not served.';

COMMENT ON VIEW analytics.call_legs IS 'One row per part of a call: session of a call record, Direct Routing row, PSTN row, joined to one call where that is known. Key: tenant_id, leg_source, call_id, session_index, source_row_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.call_legs.call_id IS 'The call (calls), by match_method; of an unmatched Direct Routing row its correlation id; null if no call is known.';
COMMENT ON COLUMN analytics.call_legs.leg_source IS 'Where the row is from. One of: direct_routing, pstn, session.';
COMMENT ON COLUMN analytics.call_legs.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls; null for sessions.';
COMMENT ON COLUMN analytics.call_legs.session_index IS 'Place of the session in its call, from 0; null for rows of the phone logs.';
COMMENT ON COLUMN analytics.call_legs.call_start_at IS 'Start of the call of a session, attempt of a phone row; null if not served.';
COMMENT ON COLUMN analytics.call_legs.start_at IS 'Start of the leg; null if not served.';
COMMENT ON COLUMN analytics.call_legs.end_at IS 'End of the leg; null if not served.';
COMMENT ON COLUMN analytics.call_legs.from_identity IS 'Who called: name, number or id; null if not served.';
COMMENT ON COLUMN analytics.call_legs.to_identity IS 'Who was called: name, number, id or role of a service; null if not served.';
COMMENT ON COLUMN analytics.call_legs.scenario IS 'What the leg is for (analytics.scenario_of), such as user, voice_app; null for sessions.';
COMMENT ON COLUMN analytics.call_legs.call_type IS 'Type of the row as served (Graph: callType); null for sessions.';
COMMENT ON COLUMN analytics.call_legs.outcome IS 'How it ended: as in telephony_calls, of sessions answered where they had a length, else not_answered; null if not known.';
COMMENT ON COLUMN analytics.call_legs.transferred_from_call_id IS 'Correlation id of the call that was transferred here (Graph beta: transferorCorrelationId); null if none was.';
COMMENT ON COLUMN analytics.call_legs.match_method IS 'How the call was found: by the correlation id of Direct Routing, by the call id of the PSTN row, by time, user and number (heuristic), not at all (none), or it is the call''s own session. One of: correlation_id, call_id, heuristic, none, session.';
COMMENT ON COLUMN analytics.call_legs.match_score IS 'Of a heuristic match, 2 or 3: start within 60 s, the same number, the same user; null for other methods.';

-- Telephony.

COMMENT ON VIEW analytics.telephony_calls IS 'One row per row of both phone logs, PSTN and Direct Routing, in the same columns. Key: tenant_id, source, source_row_id. Filter on: attempt_at. Personal data.';
COMMENT ON COLUMN analytics.telephony_calls.call_id IS 'Id of the call: of Direct Routing the correlation id, with or without a call record; of PSTN the call record it was matched with; null if none was.';
COMMENT ON COLUMN analytics.telephony_calls.attempt_at IS 'When the call was tried: of Direct Routing the INVITE, else the start; of PSTN the start; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.answered_at IS 'When it was answered; null if it was not.';
COMMENT ON COLUMN analytics.telephony_calls.ended_at IS 'End, or of failed calls of Direct Routing the failure; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.duration_s IS 'Time connected, in seconds (Graph: duration); null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.answered IS 'Whether it was answered: of Direct Routing as Graph says (successfulCall), of PSTN by duration_s above 0; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.outcome IS 'How it ended: of PSTN answered or not_answered, of Direct Routing by its SIP code (ref.sip_outcomes). One of: answered, not_answered, user_busy, ring_no_answer, terminal_reject, bad_number, network_failure; null if not served whether it was answered.';
COMMENT ON COLUMN analytics.telephony_calls.caller_number IS 'Number of the caller, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.callee_number IS 'Number called, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.own_number IS 'Our side: the caller of outbound calls, else the callee; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.external_number IS 'The other side: the callee of outbound calls, else the caller; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.external_prefix IS 'Country or area code that external_number begins with: the longest in ref.calling_codes; null if none fits or it is written without its country.';
COMMENT ON COLUMN analytics.telephony_calls.external_country IS 'ISO 3166-1 alpha-2 country of the other side, as Graph says it, else by external_prefix; null if not known.';
COMMENT ON COLUMN analytics.telephony_calls.is_number_masked IS 'Whether external_number is masked with *; null if it was not served.';
COMMENT ON COLUMN analytics.telephony_calls.is_international IS 'Whether it crossed a border: by destination_context, else by the countries of both sides; null if not known.';
COMMENT ON COLUMN analytics.telephony_calls.charge IS 'Cost without the connection charge, in currency (Graph: charge); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.connection_charge IS 'Fee for the connection, in currency (Graph: connectionCharge); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN analytics.telephony_calls.inventory_type IS 'Type of the user''s number (Graph: inventoryType), such as Subscriber; null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.operator IS 'Microsoft, or the operator of Operator Connect (Graph: operator); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.call_duration_source IS 'Who measured the duration (Graph: callDurationSource), such as microsoft, operator; null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.trunk_fqdn IS 'SBC the call went over (Graph: trunkFullyQualifiedDomainName); null if not served and for PSTN.';
COMMENT ON COLUMN analytics.telephony_calls.sip_phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served and for PSTN.';
COMMENT ON COLUMN analytics.telephony_calls.answer_delay_s IS 'From the INVITE to the answer of an outbound call of Direct Routing, in seconds; null for all others, whose start is no answer.';
COMMENT ON COLUMN analytics.telephony_calls.setup_fail_s IS 'From the INVITE to the failure of a call of Direct Routing, in seconds; null for all others.';
COMMENT ON COLUMN analytics.telephony_calls.correlation_id IS 'Correlation id of Direct Routing (Graph: correlationId), shared by the legs of a call; null if not served and for PSTN.';
COMMENT ON COLUMN analytics.telephony_calls.conference_id IS 'Id that the PSTN rows of one audio conference share (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN analytics.telephony_calls.administrative_unit_ids IS 'Administrative units of the user, joined by commas (Graph beta); null if not served.';

COMMENT ON VIEW analytics.emergency_calls IS 'The rows of telephony_calls that called for help (scenario emergency). Key: tenant_id, source, source_row_id. Filter on: attempt_at. Personal data.';

COMMENT ON VIEW analytics.call_volume_hourly IS 'One row per hour, provider, direction and scenario with telephone calls, by attempt_at. Key: tenant_id, hour, provider, direction, scenario. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.call_volume_hourly.attempts IS 'Calls, answered or not.';

COMMENT ON VIEW analytics.pstn_cost_daily IS 'One row per day and kind of PSTN call, with its cost. Key: tenant_id, day, provider, scenario, direction, destination_context, destination_name, usage_country_code, license_capability, currency. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.pstn_cost_daily.minutes IS 'duration_s in minutes, rounded to two places; null if no duration was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.billed_minutes_estimate IS 'Minutes with each call rounded up, as most tariffs bill; null if no duration was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.charge IS 'Cost without connection charges, in currency; null if none was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.connection_charge IS 'Connection charges, in currency; null if none was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.free_calls IS 'Calls that a fault at Microsoft left without a price (licence FREECALL).';

COMMENT ON VIEW analytics.phone_minutes_monthly IS 'One row per user and month with telephone calls, apart by source and currency. Key: tenant_id, month, user_id, source, currency. Filter on: month. Personal data.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_in IS 'Minutes of inbound calls.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_out IS 'Minutes of outbound calls.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_international_out IS 'Minutes of outbound calls abroad; a part of minutes_out.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_forwarded IS 'Minutes of calls forwarded to a telephone (scenario user_forward).';
COMMENT ON COLUMN analytics.phone_minutes_monthly.calls IS 'Calls, answered or not.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.total_cost IS 'charge and connection_charge, in currency; null if none was served and for Direct Routing.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.last_call_at IS 'Attempt of the last call of the month.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.department IS 'Department of the user at the start of the month (ref.org_units); null if not listed.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.cost_center IS 'Cost centre of the user at the start of the month (ref.org_units); null if not listed.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.currency IS 'ISO 4217 code of total_cost; null if not served and for Direct Routing.';

COMMENT ON VIEW analytics.pstn_pool_usage_monthly IS 'One row per month, licence, country and context: how much of the pooled minutes is used. Months are of the report time zone, Microsoft''s of UTC. Key: tenant_id, month, license_capability, usage_country_code, destination_context. Filter on: month. No personal data.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.outbound_minutes IS 'Minutes of outbound PSTN calls, each rounded up.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.pool_minutes IS 'Minutes in the pool (ref.license_pools: licences times minutes); null without a pool.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.left_minutes IS 'pool_minutes less outbound_minutes, below 0 when overdrawn; null without a pool.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.used_pct IS 'outbound_minutes in percent of pool_minutes, 0 to 100, above when overdrawn; null without a pool.';

COMMENT ON VIEW analytics.pstn_usage_export IS 'The PSTN log under the headings, and in their order, of the export of Microsoft''s admin center, for spreadsheets and billing imports made for that. Key: tenant_id, UsageId. Filter on: Start Time. Personal data.';
COMMENT ON COLUMN analytics.pstn_usage_export."UsageId" IS 'Id of the row (Graph: id).';
COMMENT ON COLUMN analytics.pstn_usage_export."Call ID" IS 'Id of the call (Graph: callId), shared by its legs; null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Conference ID" IS 'Id of the audio conference (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN analytics.pstn_usage_export."User Location" IS 'ISO 3166-1 alpha-2 country of the user (Graph: usageCountryCode); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."AAD ObjectId" IS 'Entra object id of the user (Graph: userId); null for bots.';
COMMENT ON COLUMN analytics.pstn_usage_export."UPN" IS 'User principal name (Graph: userPrincipalName); null for bots.';
COMMENT ON COLUMN analytics.pstn_usage_export."User Display Name" IS 'Display name (Graph: userDisplayName); null for bots.';
COMMENT ON COLUMN analytics.pstn_usage_export."Caller ID" IS 'Number of the caller (Graph: callerNumber); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Call Type" IS 'Type of the call (Graph: callType), such as user_in; null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Number Type" IS 'Type of the user''s number (Graph: inventoryType); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Domestic/International" IS 'Domestic or International (Graph: destinationContext); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Destination Dialed" IS 'Country or region dialed, in English (Graph: destinationName); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Destination Number" IS 'Number called (Graph: calleeNumber); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Start Time" IS 'Start of the call (Graph: startDateTime); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."End Time" IS 'End of the call (Graph: endDateTime); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Duration Seconds" IS 'Time connected, in seconds (Graph: duration); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Connection Fee" IS 'Fee for the connection, in "Currency" (Graph: connectionCharge); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Charge" IS 'Cost without the fee, in "Currency" (Graph: charge); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Currency" IS 'ISO 4217 code of fee and charge (Graph: currency); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Capability" IS 'Licence the call was charged to (Graph: licenseCapability); null if not served.';

COMMENT ON VIEW analytics.number_usage IS 'One row per own number and user: when was it used first and last, in either direction. Numbers of ref.numbers that never were are listed too. Counts go back from complete_through of the phone logs, not from now. Key: tenant_id, number, user_id. Filter on: nothing. Personal data.';
COMMENT ON COLUMN analytics.number_usage.number IS 'Own number (telephony_calls.own_number, ref.numbers).';
COMMENT ON COLUMN analytics.number_usage.first_in_at IS 'First inbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.last_in_at IS 'Last inbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.first_out_at IS 'First outbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.last_out_at IS 'Last outbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.calls_30d IS 'Calls of the last 30 days, both directions, answered or not; null if no phone log is switched on.';
COMMENT ON COLUMN analytics.number_usage.calls_90d IS 'Calls of the last 90 days, both directions, answered or not; null if no phone log is switched on.';
COMMENT ON COLUMN analytics.number_usage.is_unused_90d IS 'Whether there was no call in the last 90 days, nor any since; null if no phone log is switched on.';

-- Direct Routing.

COMMENT ON VIEW analytics.direct_routing_health_hourly IS 'One row per hour, trunk and direction with calls of Direct Routing, by attempt_at. Key: tenant_id, hour, trunk_fqdn, direction. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.attempts IS 'Calls, also those of which Graph does not say whether they were answered.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.asr_pct IS 'Answer-seizure ratio: answered in percent of attempts, 0 to 100.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.busy IS 'Calls with outcome user_busy.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.no_answer IS 'Calls with outcome ring_no_answer.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.rejected IS 'Calls with outcome terminal_reject.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.bad_number IS 'Calls with outcome bad_number.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.network_failures IS 'Calls with outcome network_failure.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.delivered IS 'Calls that the network delivered: answered, busy, no_answer and rejected together.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.ner_pct IS 'Network effectiveness ratio: delivered in percent of attempts, 0 to 100. Microsoft''s table of codes is not public, so its portal may differ.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.avg_duration_s IS 'Mean duration of answered calls, in seconds; null if none was answered.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.short_calls_under_5s IS 'Answered calls shorter than 5 seconds.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.short_calls_under_60s IS 'Answered calls shorter than 60 seconds.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.answer_delay_p50_s IS 'Median of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.answer_delay_p95_s IS '95th percentile of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.is_low_sample IS 'Whether there were fewer than 100 attempts, too few for a ratio to mean much.';

COMMENT ON VIEW analytics.direct_routing_failures_hourly IS 'One row per hour, trunk, direction and pair of codes of failed calls of Direct Routing. Key: tenant_id, hour, trunk_fqdn, direction, sip_code, ms_subcode. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.calls IS 'Failed calls.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.outcome IS 'What the codes mean (ref.sip_outcomes). One of: user_busy, ring_no_answer, terminal_reject, bad_number, network_failure.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.blame IS 'Who sent the code: the SBC if the subcode begins with 560, else Microsoft. One of: sbc, microsoft; null without a subcode.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.meaning IS 'What went wrong (ref.ms_subcodes); null if the codes are not listed.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.action IS 'What to do about it (ref.ms_subcodes); null if the codes are not listed.';

COMMENT ON VIEW analytics.concurrent_calls_hourly IS 'One row per hour and scope with answered calls: how many at once. Calls without length are left out, of longer than 24 hours the first 24 count; an hour without a call has no row. Key: tenant_id, hour, scope_type, scope. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.scope_type IS 'What is counted together. One of: trunk, provider, all.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.scope IS 'The trunk or provider; all for scope_type all.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.peak IS 'Most calls at one instant of the hour.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.erlangs IS 'Mean number of calls: seconds occupied in the hour / 3600.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.channels_for_1pct_blocking IS 'Channels with which 1 % of calls find none free (analytics.erlang_channels).';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.is_busy_hour IS 'Whether the scope had its most erlangs of the day in this hour; of equal ones all.';

-- Quality.

COMMENT ON VIEW analytics.call_quality_streams IS 'One row per media stream of a call, with its quality by Microsoft''s published classifier and both sides. Sessions that are tests are left out. Key: tenant_id, call_id, session_index, segment_index, media_index, stream_index. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.call_quality_streams.session_index IS 'Place of the session in the call, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.segment_index IS 'Place of the segment in the session, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.media_index IS 'Place of the media in the segment, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.stream_index IS 'Place of the stream in the media, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.session_id IS 'Id of the session, which can occur twice in a call; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.segment_id IS 'Id of the segment; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.label IS 'What the media is, as Graph calls it, such as main-audio; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.stream_direction IS 'Who sends, as Graph says it, such as callerToCallee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.sender_side IS 'Who sends. One of: caller, callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.receiver_side IS 'Who receives. One of: caller, callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.start_at IS 'Start of the stream, else of its segment; no index serves it; null if neither was served.';
COMMENT ON COLUMN analytics.call_quality_streams.end_at IS 'End of the stream, else of its segment; null if neither was served.';
COMMENT ON COLUMN analytics.call_quality_streams.duration_s IS 'From start_at to end_at, in seconds; null without one of them.';
COMMENT ON COLUMN analytics.call_quality_streams.quality IS 'Class of the stream (analytics.stream_quality); too little to judge by is unclassified. One of: good, poor, unclassified.';
COMMENT ON COLUMN analytics.call_quality_streams.poor_reasons IS 'What made it poor, joined by commas: of audio rtt, jitter, loss; of video and screen sharing frame_loss, frame_rate or fec_loss; null unless poor.';
COMMENT ON COLUMN analytics.call_quality_streams.classifier IS 'The set of rules that quality follows. One of: cqd_2024.';
COMMENT ON COLUMN analytics.call_quality_streams.packets IS 'Packets of the stream (Graph: packetUtilization); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.rtt_ms IS 'Mean round trip, in milliseconds (Graph: averageRoundTripTime); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.jitter_ms IS 'Mean jitter, in milliseconds (Graph: averageJitter); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.packet_loss IS 'Mean share of packets lost, 0 to 1 (Graph: averagePacketLossRate); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_user_id IS 'User on the caller''s side; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_endpoint_type IS 'What is on the caller''s side, such as participant, service; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_platform IS 'Platform of the caller, such as windows, iOS; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_subnet IS 'Subnet of the caller; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_reflexive_ip IS 'Public address of the caller; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_relay_ip IS 'Address of the relay the caller had ready; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_connection_type IS 'How the caller was connected, such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_wifi_band IS 'Band of the caller''s wireless network, such as frequency24GHz; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_transport IS 'Protocol of the caller''s media, such as udp, tcp; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_capture_device IS 'Device the caller spoke into; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_render_device IS 'Device the caller listened with; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_user_id IS 'User on the callee''s side; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_endpoint_type IS 'What is on the callee''s side, such as participant, service; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_platform IS 'Platform of the callee, such as windows, iOS; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_subnet IS 'Subnet of the callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_reflexive_ip IS 'Public address of the callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_relay_ip IS 'Address of the relay the callee had ready; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_connection_type IS 'How the callee was connected, such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_wifi_band IS 'Band of the callee''s wireless network, such as frequency24GHz; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_transport IS 'Protocol of the callee''s media, such as udp, tcp; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_capture_device IS 'Device the callee spoke into; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_render_device IS 'Device the callee listened with; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.was_media_bypassed IS 'Whether media went past Teams, straight to the SBC (Graph: wasMediaBypassed); null if not served.';

COMMENT ON VIEW analytics.poor_stream_rate_daily IS 'One row per day, kind of media and kind of call: how many streams were poor. Key: tenant_id, day, media_kind, call_kind. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.poor_pct_all IS 'poor in percent of all streams, 0 to 100.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.target_pct IS 'What poor_pct should not exceed (ref.quality_targets), 0 to 100; null without a target, as for all but audio.';

COMMENT ON VIEW analytics.call_reliability_daily IS 'One row per day and kind of call: segments whose setup failed, or that were dropped. Callers who hang up are among them. Key: tenant_id, day, call_kind. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.call_reliability_daily.segments IS 'Segments of the day''s calls.';
COMMENT ON COLUMN analytics.call_reliability_daily.setup_failed IS 'Segments whose setup failed (failure stage callSetup).';
COMMENT ON COLUMN analytics.call_reliability_daily.dropped IS 'Segments that were dropped (failure stage midcall).';
COMMENT ON COLUMN analytics.call_reliability_daily.setup_failure_pct IS 'setup_failed in percent of segments, 0 to 100.';
COMMENT ON COLUMN analytics.call_reliability_daily.drop_pct IS 'dropped in percent of the segments that were set up, 0 to 100; null if none was.';
COMMENT ON COLUMN analytics.call_reliability_daily.setup_failure_target_pct IS 'What setup_failure_pct should not exceed (ref.quality_targets), 0 to 100; null without a target.';
COMMENT ON COLUMN analytics.call_reliability_daily.drop_target_pct IS 'What drop_pct should not exceed (ref.quality_targets), 0 to 100; null without a target.';

COMMENT ON VIEW analytics.device_quality_daily IS 'One row per day, device, driver and role, audio only: as capture device for the streams its side sends, as render device for those it receives. Key: tenant_id, day, role, device, driver. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.device_quality_daily.role IS 'What the device was used for. One of: capture, render.';
COMMENT ON COLUMN analytics.device_quality_daily.device IS 'Name of the device as its driver says it.';
COMMENT ON COLUMN analytics.device_quality_daily.driver IS 'Name and version of the driver; null if not served.';
COMMENT ON COLUMN analytics.device_quality_daily.capture_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the capture device not working; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.cpu_insufficent_event_ratio IS 'Mean share of the call, 0 to 1, with too little processor time; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.device_clipping_event_ratio IS 'Mean share of the call, 0 to 1, with a clipped signal; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.device_glitch_event_ratio IS 'Mean share of the call, 0 to 1, with glitches of the device; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.low_speech_level_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.low_speech_to_noise_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low for the noise; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.render_mute_event_ratio IS 'Mean share of the call, 0 to 1, with the loudspeaker muted; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.render_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the render device not working; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.render_zero_volume_event_ratio IS 'Mean share of the call, 0 to 1, with the volume at zero; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.mic_glitch_rate IS 'Mean glitches of the microphone per 5 minutes; null if not served and for role render.';
COMMENT ON COLUMN analytics.device_quality_daily.speaker_glitch_rate IS 'Mean glitches of the loudspeaker per 5 minutes; null if not served and for role capture.';
COMMENT ON COLUMN analytics.device_quality_daily.howling_events IS 'Times that feedback was heard (Graph: howlingEventCount); null if not served and for role render.';

COMMENT ON VIEW analytics.network_subnet_quality_daily IS 'One row per day, kind of media and network: every stream counts once in the network of each participant. Key: tenant_id, day, media_kind, site, subnet, public_ip, connection_type, wifi_band, transport. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.site IS 'Site of the subnet: the longest prefix of ref.site_subnets; null if none fits.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.subnet IS 'Subnet of the client (Graph: subnet); null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.public_ip IS 'Public address of the client where is_common_subnet, which tells home networks apart; null for other subnets.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.connection_type IS 'How the client was connected (Graph: connectionType), such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.wifi_band IS 'Band of the wireless network (Graph: wifiBand), such as frequency24GHz; null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.transport IS 'Protocol of the media (Graph: networkTransportProtocol), such as udp, tcp; null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.rtt_avg_ms IS 'Mean of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.rtt_p95_ms IS '95th percentile of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.jitter_avg_ms IS 'Mean of the streams'' mean jitter, in milliseconds; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.packet_loss_avg IS 'Mean share of packets lost, 0 to 1; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.tcp_pct IS 'Streams over TCP, which a firewall that lets no UDP through forces, in percent of all, 0 to 100.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.is_vpn IS 'Whether it is a VPN, by connection_type tunnel or by its site; null if not known.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.is_common_subnet IS 'Whether many home routers use the subnet, so that it names no place; null without a subnet.';

COMMENT ON VIEW analytics.client_quality_daily IS 'One row per day, platform, product and version of the clients of people. Key: tenant_id, day, platform, product_family, application_version. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.client_quality_daily.product_family IS 'Product (Graph: productFamily), such as teams, skypeForBusiness; null if not served.';
COMMENT ON COLUMN analytics.client_quality_daily.application_version IS 'Version of the client (Graph: applicationVersion); null if not served.';
COMMENT ON COLUMN analytics.client_quality_daily.sessions IS 'Sessions, counted for each side that is a person''s.';
COMMENT ON COLUMN analytics.client_quality_daily.streams IS 'Streams, counted for each side that is a person''s.';
COMMENT ON COLUMN analytics.client_quality_daily.setup_failure_pct IS 'Sessions whose setup failed, in percent of sessions, 0 to 100; null without a session.';

COMMENT ON VIEW analytics.user_feedback IS 'One row per rating that a person gave after a call. Key: tenant_id, call_id, session_index, side. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.user_feedback.session_index IS 'Place of the session in the call, from 0.';
COMMENT ON COLUMN analytics.user_feedback.side IS 'Side of the session that rated. One of: caller, callee.';
COMMENT ON COLUMN analytics.user_feedback.feedback_rating IS 'The rating as Graph says it, such as bad, poor, fair, good, excellent.';
COMMENT ON COLUMN analytics.user_feedback.feedback_text IS 'What the person wrote; null if nothing.';
COMMENT ON COLUMN analytics.user_feedback.feedback_tokens IS 'What the person ticked, as JSON: names of complaints, each true or false; null if nothing.';

COMMENT ON VIEW analytics.user_feedback_daily IS 'One row per day, kind of call and platform with ratings. Key: tenant_id, day, call_kind, platform. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.user_feedback_daily.rated IS 'Ratings given.';
COMMENT ON COLUMN analytics.user_feedback_daily.poor IS 'Ratings bad or poor.';
COMMENT ON COLUMN analytics.user_feedback_daily.poor_pct IS 'poor in percent of rated, 0 to 100.';
COMMENT ON COLUMN analytics.user_feedback_daily.avg_rating IS 'Mean rating, 1 (bad) to 5 (excellent); null if only unknown words were given.';

-- Who could be reached.

COMMENT ON VIEW analytics.inbound_calls IS 'One row per call that somebody could have answered: of Direct Routing, between two users, to a call queue or auto attendant, of PSTN without a call record. Key: tenant_id, source, call_id, source_row_id, user_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.inbound_calls.source IS 'Where the row is from: a phone log, or a call record of a call between two users or to a voice app. One of: direct_routing, pstn, call_record.';
COMMENT ON COLUMN analytics.inbound_calls.call_id IS 'Id of the call; null if no call record is known.';
COMMENT ON COLUMN analytics.inbound_calls.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls; null for call records.';
COMMENT ON COLUMN analytics.inbound_calls.user_id IS 'Who was called; joins to users; null for call queues and auto attendants, and where not served.';
COMMENT ON COLUMN analytics.inbound_calls.scenario IS 'What the call was for, such as user, voice_app.';
COMMENT ON COLUMN analytics.inbound_calls.callee_identity_id IS 'Who was called: the user id, of a call queue or auto attendant the id of its resource account; null if not served.';
COMMENT ON COLUMN analytics.inbound_calls.answered IS 'Whether it was answered, of a voice app by a person.';
COMMENT ON COLUMN analytics.inbound_calls.missed IS 'Whether it was delivered and nobody answered. Where the outcome is not known, answered, missed and failed are all false.';
COMMENT ON COLUMN analytics.inbound_calls.failed IS 'Whether it was not delivered: a bad number or a network failure.';
COMMENT ON COLUMN analytics.inbound_calls.reason IS 'Why it was missed or failed: an outcome, call_setup, not_answered, or no_agent of a voice app; null if answered.';
COMMENT ON COLUMN analytics.inbound_calls.ring_s IS 'From the INVITE to the failure, in seconds, of Direct Routing; null for all others.';
COMMENT ON COLUMN analytics.inbound_calls.wait_s IS 'From the start of the call until an agent answered, in seconds, of voice apps; null for all others.';
COMMENT ON COLUMN analytics.inbound_calls.went_to_voicemail IS 'Whether voicemail took part in the call.';
COMMENT ON COLUMN analytics.inbound_calls.is_short IS 'Whether the caller gave up within 5 seconds; null for calls between users and of PSTN.';
COMMENT ON COLUMN analytics.inbound_calls.is_final IS 'Whether it will stay so: the record is unchanged for 4 hours, the log is complete beyond it.';

COMMENT ON VIEW analytics.missed_calls IS 'The rows of inbound_calls that were missed. Key: tenant_id, source, call_id, source_row_id, user_id. Filter on: call_start_at. Personal data.';

COMMENT ON VIEW analytics.missed_calls_daily IS 'One row per day, scenario and who was called: how many inbound calls there were, and how many were missed. Key: tenant_id, day, scenario, user_id, callee_identity_id. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.missed_calls_daily.user_id IS 'Who was called; joins to users; null for call queues and auto attendants, and where not served.';
COMMENT ON COLUMN analytics.missed_calls_daily.callee_identity_id IS 'Who was called: the user id, of a call queue or auto attendant the id of its resource account; null if not served.';
COMMENT ON COLUMN analytics.missed_calls_daily.inbound IS 'Inbound calls.';
COMMENT ON COLUMN analytics.missed_calls_daily.missed IS 'Calls that were delivered and not answered.';
COMMENT ON COLUMN analytics.missed_calls_daily.failed IS 'Calls that were not delivered.';
COMMENT ON COLUMN analytics.missed_calls_daily.missed_pct IS 'missed in percent of missed and answered, 0 to 100; null if there were neither.';

COMMENT ON VIEW analytics.user_activity_daily IS 'One row per day and user with calls, meetings or messages; people of other companies, who are not in users, too. Key: tenant_id, day, user_id. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.user_activity_daily.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN analytics.user_activity_daily.p2p_calls IS 'Calls of two.';
COMMENT ON COLUMN analytics.user_activity_daily.group_calls IS 'Meetings and group calls.';
COMMENT ON COLUMN analytics.user_activity_daily.organized IS 'Calls that the user organized.';
COMMENT ON COLUMN analytics.user_activity_daily.talk_s IS 'Time in sessions with audio of the day''s calls, in seconds; two at once count once.';
COMMENT ON COLUMN analytics.user_activity_daily.phone_in IS 'Inbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN analytics.user_activity_daily.phone_out IS 'Outbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN analytics.user_activity_daily.phone_s IS 'Time on the telephone by both phone logs, in seconds.';
COMMENT ON COLUMN analytics.user_activity_daily.missed IS 'Missed calls (missed_calls).';
COMMENT ON COLUMN analytics.user_activity_daily.sms IS 'Text messages, either direction.';
COMMENT ON COLUMN analytics.user_activity_daily.streams IS 'Streams with the user on either side; one between two users counts for both.';
COMMENT ON COLUMN analytics.user_activity_daily.poor_streams IS 'Streams of quality poor among these.';

-- Messages, dial-out, blocks, fraud.

COMMENT ON VIEW analytics.sms_usage_daily IS 'One row per day, user, direction, context and currency with text messages. Key: tenant_id, day, user_id, direction, destination_context, currency. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.sms_usage_daily.messages IS 'Messages.';
COMMENT ON COLUMN analytics.sms_usage_daily.units IS 'Parts that the messages were billed as; null if not served.';
COMMENT ON COLUMN analytics.sms_usage_daily.charge IS 'Cost, in currency; null if none was served.';

COMMENT ON VIEW analytics.dialout_cost IS 'One row per UTC day, user, location, context and currency of Microsoft''s dial-out report. The user is the organizer of the meeting. Key: tenant_id, day, user_id, usage_location, destination_context, currency. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.dialout_cost.day IS 'UTC day, whatever the report time zone.';
COMMENT ON COLUMN analytics.dialout_cost.calls IS 'Calls out of meetings; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.seconds IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.charge IS 'Cost, in currency; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.cost_per_call IS 'charge / calls, in currency; null without a call or charge.';
COMMENT ON COLUMN analytics.dialout_cost.cost_per_minute IS 'charge / minutes, in currency; null without a second or charge.';

COMMENT ON VIEW analytics.dialout_reconciliation IS 'One row per UTC day, location, context and currency: the dial-out report beside the conference calls (conf_out) of the PSTN log. Not by user, as the log names who dialed and the report the organizer. Key: tenant_id, day, usage_location, destination_context, currency. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.dialout_reconciliation.day IS 'UTC day, whatever the report time zone.';
COMMENT ON COLUMN analytics.dialout_reconciliation.report_calls IS 'Calls by the report; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.report_seconds IS 'Time connected by the report, in seconds; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.report_charge IS 'Cost by the report, in currency; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.log_calls IS 'Calls by the log; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.log_seconds IS 'Time connected by the log, in seconds; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.log_charge IS 'Charges and connection charges by the log, in currency; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.diff_calls IS 'report_calls less log_calls.';
COMMENT ON COLUMN analytics.dialout_reconciliation.diff_cost IS 'report_charge less log_charge, in currency.';

COMMENT ON VIEW analytics.blocked_users_current IS 'One row per user who may not call now, by the newest entry of the log. Key: tenant_id, user_id. Filter on: nothing. Personal data.';
COMMENT ON COLUMN analytics.blocked_users_current.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN analytics.blocked_users_current.blocked_since IS 'When the user was blocked; null if not served.';
COMMENT ON COLUMN analytics.blocked_users_current.reason IS 'Why, in Microsoft''s words; null if not served.';
COMMENT ON COLUMN analytics.blocked_users_current.number IS 'Number of the user; null if not served.';

COMMENT ON VIEW analytics.fraud_signals_daily IS 'One row per day, user and rule that applies; limits are in ref.fraud_rules. A signal is a reason to look, not a proof. Key: tenant_id, day, user_id, rule. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.fraud_signals_daily.rule IS 'F1 forwarded or transferred abroad, F2 far more minutes abroad than in the 28 days before, F3 calls abroad at night or at the weekend, F4 many numbers tried without an answer, F5 many very short calls to one prefix, F6 blocked by Microsoft. One of: F1, F2, F3, F4, F5, F6.';
COMMENT ON COLUMN analytics.fraud_signals_daily.severity IS 'How grave it is. One of: low, moderate, high, major, critical.';
COMMENT ON COLUMN analytics.fraud_signals_daily.detail IS 'What was counted, in words.';

-- People, calendar, completeness.

COMMENT ON VIEW analytics.users IS 'One row per user that any row ever named. Key: tenant_id, user_id. Filter on: nothing. Personal data.';
COMMENT ON COLUMN analytics.users.user_id IS 'Entra object id of the user.';
COMMENT ON COLUMN analytics.users.display_name IS 'Newest display name; null if none was ever served.';
COMMENT ON COLUMN analytics.users.principal_name IS 'Newest user principal name; null if none was ever served.';
COMMENT ON COLUMN analytics.users.department IS 'Department of today (ref.org_units); null if not listed.';
COMMENT ON COLUMN analytics.users.cost_center IS 'Cost centre of today (ref.org_units); null if not listed.';

COMMENT ON VIEW analytics.days IS 'One row per day of the report time zone, in whole years: a date table. Key: day. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.days.day IS 'The day.';
COMMENT ON COLUMN analytics.days.week IS 'Monday of its week.';
COMMENT ON COLUMN analytics.days.month IS 'First day of its month.';
COMMENT ON COLUMN analytics.days.quarter IS 'First day of its quarter.';
COMMENT ON COLUMN analytics.days.year IS 'Its year, such as 2026.';
COMMENT ON COLUMN analytics.days.is_weekend IS 'Whether it is a Saturday or Sunday.';
COMMENT ON COLUMN analytics.days.from_at IS 'Instant at which it begins in the report time zone.';
COMMENT ON COLUMN analytics.days.to_at IS 'Instant at which it ends, 23 to 25 hours later.';

COMMENT ON VIEW analytics.unknown_fields IS 'One row per member that Graph sends and no column takes, without values: these are in unknown_fields of the tables. Key: tenant_id, table_name, name. Filter on: nothing. No personal data.';
COMMENT ON COLUMN analytics.unknown_fields.name IS 'Name of the member.';
COMMENT ON COLUMN analytics.unknown_fields.rows IS 'Rows it was seen in.';
COMMENT ON COLUMN analytics.unknown_fields.first_seen_at IS 'When it was first seen.';
COMMENT ON COLUMN analytics.unknown_fields.last_seen_at IS 'When it was last seen.';

COMMENT ON VIEW analytics.ingest_freshness IS 'One row per tenant and endpoint: how far the data goes and how the reading stands. Key: tenant_id, endpoint. Filter on: nothing. No personal data.';
COMMENT ON COLUMN analytics.ingest_freshness.state IS 'How the reading stands, as ingestd status says it. One of: removed, paused, denied, down, throttled, late, never, catching_up, on_time.';
COMMENT ON COLUMN analytics.ingest_freshness.last_success_at IS 'End of the last good run; null before the first.';
COMMENT ON COLUMN analytics.ingest_freshness.complete_through IS 'Until when every row is here for good, losses that someone has acknowledged aside.';
COMMENT ON COLUMN analytics.ingest_freshness.newest_record_at IS 'Time of the newest row; null if there is none.';
COMMENT ON COLUMN analytics.ingest_freshness.lag_s IS 'From complete_through to now, in seconds.';
COMMENT ON COLUMN analytics.ingest_freshness.next_due_at IS 'When the next run is due; null while switched off.';
COMMENT ON COLUMN analytics.ingest_freshness.consecutive_failures IS 'Runs that failed since the last good one.';
COMMENT ON COLUMN analytics.ingest_freshness.last_error IS 'What the last run failed with; null while runs are good.';
COMMENT ON COLUMN analytics.ingest_freshness.join_match_pct IS 'Rows of the last 30 days whose call record was found, in percent of all, 0 to 100; null for endpoints without such, and without rows.';
COMMENT ON COLUMN analytics.ingest_freshness.feed_hold_back_s IS 'Age of the oldest transaction that change_feed waits for, in seconds, 0 if there is none; null if not known, as on a standby.';
COMMENT ON COLUMN analytics.ingest_freshness.rollups_stale_since IS 'Oldest change that the views of hours, days and months do not show yet; null if there is none.';
COMMENT ON COLUMN analytics.ingest_freshness.rows_without_time IS 'Rows in no hour or day, as Graph served no time for them.';

COMMENT ON VIEW analytics.ingest_coverage IS 'One row per stretch of time that is not stored for good and still can be, or failed. None: nothing is missing. Key: tenant_id, endpoint, gap_from. Filter on: nothing. No personal data.';
COMMENT ON COLUMN analytics.ingest_coverage.gap_from IS 'Start of the gap, included.';
COMMENT ON COLUMN analytics.ingest_coverage.gap_to IS 'End of the gap, excluded.';
COMMENT ON COLUMN analytics.ingest_coverage.reason IS 'Why: it fails again and again though others can be read (parked), or it is still to be read. One of: parked, unread.';
COMMENT ON COLUMN analytics.ingest_coverage.expires_at IS 'When Microsoft deletes the first of it.';

-- Views that show the rows of another say the same of their columns.
DO $$
DECLARE
    same record;
BEGIN
    FOR same IN
        SELECT v.shows::regclass AS relation, a.attname, col_description(b.attrelid, b.attnum) AS meaning
        FROM (VALUES
            ('analytics.emergency_calls', 'analytics.telephony_calls'),
            ('analytics.missed_calls', 'analytics.inbound_calls')
        ) v (shows, rows_of)
        JOIN pg_attribute a ON a.attrelid = v.shows::regclass
        JOIN pg_attribute b ON b.attrelid = v.rows_of::regclass AND b.attname = a.attname
        WHERE col_description(b.attrelid, b.attnum) IS NOT NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', same.relation, same.attname, same.meaning);
    END LOOP;
END $$;

-- Columns that mean the same wherever they stand, unless said otherwise above.
DO $$
DECLARE
    shared record;
BEGIN
    FOR shared IN
        SELECT c.oid::regclass AS relation, a.attname, w.meaning
        FROM (VALUES
            ('tenant_id', 'Entra tenant id.'),
            ('day', 'Day of the report time zone (ref.settings); joins to days.'),
            ('hour', 'Instant at which the hour begins: the hour that autumn repeats is two.'),
            ('hour_local', 'The hour by the clock of the report time zone.'),
            ('month', 'First day of the month of the report time zone.'),
            ('hour_of_day', 'Hour of the day in the report time zone, 0 to 23.'),
            ('day_of_week', 'Day of the week in the report time zone, 1 (Monday) to 7.'),
            ('is_final', 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all'
                ' endpoints it is made of.'),
            ('call_id', 'Id of the call; joins to calls.'),
            ('call_start_at', 'Start of the call; null if not served.'),
            ('call_kind', 'A meeting or group call, or a call of two. One of: group, p2p.'),
            ('media_kind', 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.'),
            ('identity_kind', 'What it is, such as user, phone, guest; null if none or more than one was served.'),
            ('identity_id', 'Id of the identity: a user id, a number, another id.'),
            ('identity_endpoint_type', 'Type of its endpoint, such as voicemail; null for most.'),
            ('user_id', 'Entra object id of the user; joins to users; null unless a user.'),
            ('user_principal_name', 'User principal name at that time; null for bots.'),
            ('user_display_name', 'Display name at that time; null for bots.'),
            ('display_name', 'Display name at that time; null for guests and where not served.'),
            ('principal_name', 'User principal name at that time; null unless a user.'),
            ('is_organizer', 'Whether it organized the call.'),
            ('source', 'Phone log it is from. One of: pstn, direct_routing.'),
            ('source_row_id', 'Id of the row in teams.pstn_calls or teams.direct_routing_calls.'),
            ('provider', 'Who carries the call. One of: calling_plan, operator_connect, direct_routing,'
                ' audio_conferencing.'),
            ('direction', 'As seen from here. One of: inbound, outbound, unknown.'),
            ('scenario', 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward,'
                ' user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number,'
                ' other.'),
            ('call_type', 'Type of the call as served (Graph: callType); null if not served.'),
            ('destination_context', 'Domestic or International, as served; null if not served.'),
            ('destination_name', 'Country or region dialed, in English, as served; null if not served.'),
            ('usage_country_code', 'ISO 3166-1 alpha-2 country of the user; null if not served.'),
            ('usage_location', 'ISO 3166-1 alpha-2 country of the user; null if not served.'),
            ('license_capability', 'Licence that was charged (ref.license_codes); null if not served.'),
            ('currency', 'ISO 4217 code of the money beside it; null if not served.'),
            ('trunk_fqdn', 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.'),
            ('sip_code', 'Final SIP code; null if not served.'),
            ('ms_subcode', 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.'),
            ('platform', 'Platform of the client, such as windows, iOS; null if not served.'),
            ('calls', 'Calls, answered or not.'),
            ('answered', 'Calls that were answered.'),
            ('attempts', 'Calls, answered or not.'),
            ('duration_s', 'Time connected, in seconds; null if not served.'),
            ('users', 'Different people. Not to be added up over rows, days or trunks.'),
            ('streams', 'Streams.'),
            ('good', 'Streams of quality good.'),
            ('poor', 'Streams of quality poor.'),
            ('unclassified', 'Streams with too little to judge by.'),
            ('poor_pct', 'poor in percent of good and poor, 0 to 100; null if there were neither.'),
            ('endpoint', 'What is read in Graph; also the name of its table in schema teams.'),
            ('table_name', 'Table in schema teams.')
        ) w (name, meaning)
        JOIN pg_attribute a ON a.attname = w.name
        JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'v' AND c.relnamespace = 'analytics'::regnamespace
        WHERE col_description(a.attrelid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', shared.relation, shared.attname, shared.meaning);
    END LOOP;
END $$;

-- Rules.

COMMENT ON FUNCTION analytics.lower_ascii IS 'A word in lower case, its letters A to Z; others stay.';
COMMENT ON FUNCTION analytics.call_tokens IS 'Words of a call type in lower case: ByotOutUserForwarding is byot, out, user, forwarding. Null of null.';
COMMENT ON FUNCTION analytics.direction_of IS 'Direction of a call by the words of its type: inbound, outbound or unknown.';
COMMENT ON FUNCTION analytics.scenario_of IS 'What a call is for, by the words of its type, such as user, voice_app, user_forward.';
COMMENT ON FUNCTION analytics.media_kind IS 'What a media carries, by its label: audio, video, vbss (screen sharing) or data.';
COMMENT ON FUNCTION analytics.stream_quality IS 'Class of a stream by Microsoft''s published limits (cqd_2024): good, poor, or unclassified where there is too little to judge by.';
COMMENT ON FUNCTION analytics.poor_reasons IS 'The measures that make a stream poor, joined by commas. Null if it is not.';
COMMENT ON FUNCTION analytics.pct IS 'n in percent of d, rounded to two places. Null if d is 0.';
COMMENT ON FUNCTION analytics.blame IS 'Who sent a subcode: sbc if it begins with 560, else microsoft. Null of null.';
COMMENT ON FUNCTION analytics.erlang_channels IS 'Channels that a load in erlangs needs so that no more than a share of calls, 0 to 1, finds none free (Erlang B). Null where no number would do.';
COMMENT ON FUNCTION analytics.shown_digits IS 'Digits of a number before the first one that is masked, without plus.';
COMMENT ON FUNCTION analytics.number_matches IS 'Whether two numbers may be the same, one of them perhaps masked with *, of which 6 digits have to show. For finding the call record of a call; elsewhere a masked number equals no other.';
COMMENT ON FUNCTION analytics.is_voice_app IS 'Whether an endpoint of a session is a call queue or an auto attendant.';

-- Lists and calendars.

COMMENT ON TABLE ref.settings IS 'One row: what holds for the whole database.';
COMMENT ON COLUMN ref.settings.single IS 'Always true, so that there is one row.';
COMMENT ON COLUMN ref.settings.report_timezone IS 'Time zone whose days, hours and months reports are made of, such as Europe/Berlin. After a change all figures are made anew (ingestd rollup refresh).';

COMMENT ON TABLE ref.service_identities IS 'Identities that are services, though they look like people: left out where people are counted or listed.';
COMMENT ON COLUMN ref.service_identities.identity_id IS 'Id of the identity (participants.identity_id).';

COMMENT ON TABLE ref.org_units IS 'Who is in which department, from when on. Empty until you fill it.';
COMMENT ON COLUMN ref.org_units.user_id IS 'Entra object id of the user.';
COMMENT ON COLUMN ref.org_units.department IS 'Department; null if none.';
COMMENT ON COLUMN ref.org_units.cost_center IS 'Cost centre; null if none.';
COMMENT ON COLUMN ref.org_units.valid_from IS 'First day of it; until the next row of the user.';

COMMENT ON TABLE ref.license_pools IS 'Licences bought, whose minutes are shared by all who have one in a country. Empty until you fill it.';
COMMENT ON COLUMN ref.license_pools.license_capability IS 'Licence, as the PSTN log names it (ref.license_codes).';
COMMENT ON COLUMN ref.license_pools.usage_country IS 'ISO 3166-1 alpha-2 country of the users.';
COMMENT ON COLUMN ref.license_pools.context IS 'What the minutes are for: Domestic or International.';
COMMENT ON COLUMN ref.license_pools.minutes_per_license IS 'Minutes a month that each licence adds.';
COMMENT ON COLUMN ref.license_pools.licenses IS 'Licences bought.';

COMMENT ON TABLE ref.quality_targets IS 'What percentages should not exceed. Filled with what Microsoft publishes for audio.';
COMMENT ON COLUMN ref.quality_targets.media_kind IS 'Kind of media, as in poor_stream_rate_daily.';
COMMENT ON COLUMN ref.quality_targets.call_kind IS 'Kind of call, as in calls.';
COMMENT ON COLUMN ref.quality_targets.poor_pct IS 'Of poor streams, 0 to 100; null without a target.';
COMMENT ON COLUMN ref.quality_targets.setup_failure_pct IS 'Of segments whose setup failed, 0 to 100; null without a target.';
COMMENT ON COLUMN ref.quality_targets.drop_pct IS 'Of segments that were dropped, 0 to 100; null without a target.';

COMMENT ON TABLE ref.fraud_rules IS 'Limits of the rules of fraud_signals_daily.';
COMMENT ON COLUMN ref.fraud_rules.rule IS 'The rule, F2 to F5.';
COMMENT ON COLUMN ref.fraud_rules.parameter IS 'What is limited: of F2 the least minutes and the factor above the mean of before, of F3 the calls and the hours of work, of F4 how many numbers make which severity, of F5 the calls and the seconds below which one is short.';
COMMENT ON COLUMN ref.fraud_rules.value IS 'The limit.';

COMMENT ON TABLE ref.site_subnets IS 'Which network is which site; the longest prefix counts. Empty until you fill it.';
COMMENT ON COLUMN ref.site_subnets.network IS 'Network, such as 10.20.0.0/16.';
COMMENT ON COLUMN ref.site_subnets.site IS 'Name of the site.';
COMMENT ON COLUMN ref.site_subnets.city IS 'City; null if not said.';
COMMENT ON COLUMN ref.site_subnets.country IS 'Country; null if not said.';
COMMENT ON COLUMN ref.site_subnets.is_vpn IS 'Whether it is a VPN.';
COMMENT ON COLUMN ref.site_subnets.is_expressroute IS 'Whether it reaches Microsoft by ExpressRoute.';

COMMENT ON TABLE ref.numbers IS 'Numbers you have, used or not: one that was never used is in no log. Empty until you fill it.';
COMMENT ON COLUMN ref.numbers.number IS 'The number as the logs write it, such as +4930123456.';
COMMENT ON COLUMN ref.numbers.user_id IS 'Entra object id of who has it; null if nobody.';

COMMENT ON TABLE ref.call_types IS 'What each type of call means. Types that are not here are taken apart by the rules (analytics.scenario_of).';
COMMENT ON COLUMN ref.call_types.call_type IS 'Type as served (Graph: callType), in lower case.';
COMMENT ON COLUMN ref.call_types.direction IS 'Direction: inbound, outbound or unknown.';
COMMENT ON COLUMN ref.call_types.scenario IS 'What the call is for.';
COMMENT ON COLUMN ref.call_types.is_operator_connect IS 'Whether the type alone says that it went over Operator Connect.';

COMMENT ON TABLE ref.calling_codes IS 'Digits that numbers begin with, and the country they stand for.';
COMMENT ON COLUMN ref.calling_codes.prefix IS 'Digits, without plus. The longest that fits counts.';
COMMENT ON COLUMN ref.calling_codes.country IS 'ISO 3166-1 alpha-2 country; 001 for services of the whole world.';
COMMENT ON COLUMN ref.calling_codes.dialled IS 'The prefix with a plus, as numbers are written. Made from it.';

COMMENT ON TABLE ref.sip_outcomes IS 'What a SIP code says of a failed call of Direct Routing. A code that is not here is a failure of the network.';
COMMENT ON COLUMN ref.sip_outcomes.sip_code IS 'Final SIP code.';
COMMENT ON COLUMN ref.sip_outcomes.sub_reason IS 'Microsoft''s subcode; null for any that has no row of its own.';
COMMENT ON COLUMN ref.sip_outcomes.outcome IS 'How the call ended: user_busy, ring_no_answer, terminal_reject or bad_number.';

COMMENT ON TABLE ref.ms_subcodes IS 'What a pair of SIP code and Microsoft''s subcode means, and what to do.';
COMMENT ON COLUMN ref.ms_subcodes.sip_code IS 'Final SIP code.';
COMMENT ON COLUMN ref.ms_subcodes.sub_reason IS 'Microsoft''s subcode (Graph: callEndSubReason).';
COMMENT ON COLUMN ref.ms_subcodes.meaning IS 'What went wrong.';
COMMENT ON COLUMN ref.ms_subcodes.action IS 'What to do; null if nothing.';

COMMENT ON TABLE ref.license_codes IS 'What the codes of licences stand for.';
COMMENT ON COLUMN ref.license_codes.license_capability IS 'Code, as the logs name it.';
COMMENT ON COLUMN ref.license_codes.family IS 'What it is for: calling, voice_app, conferencing, sms, or none.';
COMMENT ON COLUMN ref.license_codes.meaning IS 'The licence in words.';

COMMENT ON TABLE ref.days IS 'Days of the report time zone, from the first row to tomorrow. Made by the daemon; edits do not last.';
COMMENT ON COLUMN ref.days.day IS 'The day.';
COMMENT ON COLUMN ref.days.from_at IS 'Instant at which it begins.';
COMMENT ON COLUMN ref.days.to_at IS 'Instant at which it ends, 23 to 25 hours later.';
COMMENT ON COLUMN ref.days.week IS 'Monday of its week.';
COMMENT ON COLUMN ref.days.month IS 'First day of its month.';
COMMENT ON COLUMN ref.days.day_of_week IS 'Day of the week, 1 (Monday) to 7.';

COMMENT ON TABLE ref.hours IS 'Hours of the same days. Made by the daemon; edits do not last.';
COMMENT ON COLUMN ref.hours.hour IS 'Instant at which it begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN ref.hours.from_at IS 'The same instant.';
COMMENT ON COLUMN ref.hours.to_at IS 'Instant at which it ends.';
COMMENT ON COLUMN ref.hours.day IS 'Day it belongs to.';
COMMENT ON COLUMN ref.hours.hour_of_day IS 'Hour by the clock of the report time zone, 0 to 23.';
COMMENT ON COLUMN ref.hours.day_of_week IS 'Day of the week, 1 (Monday) to 7.';

COMMENT ON FUNCTION ref.midnight IS 'Instant at which a day begins in a time zone.';
COMMENT ON FUNCTION ref.fill_calendars IS 'Makes days and hours reach from one day to another, and all of them anew after the time zone has changed: true if so.';
COMMENT ON FUNCTION ref.extend_calendars IS 'Makes days and hours reach from the first row with a time to tomorrow. True if all were made anew.';

-- The lists of customers have tenants.
DO $$
DECLARE
    list regclass;
BEGIN
    FOR list IN
        SELECT attrelid
        FROM pg_attribute
        JOIN pg_class c ON c.oid = attrelid AND c.relkind = 'r' AND c.relnamespace = 'ref'::regnamespace
        WHERE attname = 'tenant_id'
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.tenant_id IS %L', list, 'Entra tenant id; null for all tenants.');
    END LOOP;
END $$;

-- What rollups are made of.

COMMENT ON VIEW live.calls IS 'Call records whose details are stored (teams.call_records).';
COMMENT ON COLUMN live.calls.call_kind_source IS 'How call_kind is known: api or inferred.';
COMMENT ON VIEW live.session_endpoints IS 'The two sides of sessions (teams.session_endpoints).';
COMMENT ON VIEW live.segment_endpoints IS 'The two sides of segments (teams.segment_endpoints).';
COMMENT ON COLUMN live.session_endpoints.person_id IS 'user_id, but for services (ref.service_identities); null for these and unless a user.';
COMMENT ON COLUMN live.segment_endpoints.person_id IS 'user_id, but for services (ref.service_identities); null for these and unless a user.';
COMMENT ON VIEW live.streams IS 'Streams with their call and class, without those of sessions that are tests (teams.media_streams).';
COMMENT ON VIEW live.sided_streams IS 'Streams once for each side that is a participant, with its client, devices and network.';
COMMENT ON COLUMN live.sided_streams.sends IS 'Whether the side sends the stream; null if not known.';
COMMENT ON COLUMN live.sided_streams.person_id IS 'user_id, but for services (ref.service_identities); null for these and unless a user.';
COMMENT ON VIEW live.voice_calls IS 'Calls that went through a call queue or an auto attendant.';
COMMENT ON VIEW live.telephony IS 'Rows of both phone logs in the same columns, with what the lists say of them.';
COMMENT ON COLUMN live.telephony.match_method IS 'How the call record of a PSTN row was found: call_id or heuristic; null if it was not and for Direct Routing.';
COMMENT ON COLUMN live.telephony.match_score IS 'Score of a heuristic match; null without one.';
COMMENT ON VIEW live.phone_calls IS 'Rows of both phone logs with the person (analytics.telephony_calls).';
COMMENT ON COLUMN live.phone_calls.person_id IS 'user_id, but for services (ref.service_identities); null for these and where not served.';
COMMENT ON VIEW live.pstn_matches IS 'PSTN rows and the call record each belongs to.';
COMMENT ON COLUMN live.pstn_matches.call_id IS 'The call record (teams.call_records.id).';
COMMENT ON COLUMN live.pstn_matches.method IS 'How it was found: call_id or heuristic.';
COMMENT ON COLUMN live.pstn_matches.score IS 'Score of a heuristic match, 2 or 3; null for others.';
COMMENT ON COLUMN live.pstn_matches.id IS 'Id of the row in teams.pstn_calls.';
COMMENT ON VIEW live.phone_user_daily IS 'Telephone use by day, source, user, own number and currency, from which minutes by month and unused numbers are made.';
COMMENT ON COLUMN live.phone_user_daily.own_number IS 'The user''s number; null for conferences and the like, where it is the service''s, and if not served.';
COMMENT ON COLUMN live.phone_user_daily.last_call_at IS 'Attempt of the last call.';
COMMENT ON COLUMN live.phone_user_daily.in_s IS 'Time of inbound calls, in seconds; null if there was none.';
COMMENT ON COLUMN live.phone_user_daily.out_s IS 'Time of outbound calls, in seconds; null if there was none.';
COMMENT ON COLUMN live.phone_user_daily.international_out_s IS 'Time of outbound calls abroad, in seconds; null if there was none.';
COMMENT ON COLUMN live.phone_user_daily.forwarded_s IS 'Time of calls forwarded to a telephone, in seconds; null if there was none.';
COMMENT ON VIEW live.months IS 'The months of the calendar (ref.days).';
COMMENT ON COLUMN live.months.first_day IS 'First day of the month that the calendar has.';
COMMENT ON COLUMN live.months.last_day IS 'Last day of the month that the calendar has.';
COMMENT ON VIEW live.complete_through IS 'Until when all is here that a view is made of, by tenant.';
COMMENT ON COLUMN live.complete_through.day IS 'Day that complete_through is in; days before it are final.';
COMMENT ON COLUMN live.complete_through.hour IS 'An hour before complete_through; hours that begin by then are final.';
COMMENT ON COLUMN live.complete_through.name IS 'Name of the view.';
COMMENT ON VIEW live.endpoint_states IS 'How the reading of each endpoint stands, by the rule of the status page.';
COMMENT ON VIEW live.row_times IS 'The time of each row, as the slots of its endpoint go by it.';
COMMENT ON COLUMN live.row_times.at IS 'The time; null if not served.';
COMMENT ON VIEW live.rows_with_unknown IS 'Rows that have members without a column.';
COMMENT ON COLUMN live.rows_with_unknown.seen_at IS 'When Graph served them.';
COMMENT ON FUNCTION live.is_common_subnet IS 'Whether so many homes share a subnet that it names no place. Null without a subnet.';
COMMENT ON FUNCTION live.to_float8 IS 'A number in floating point. 0 if it is too small for that, null if it is too large.';
COMMENT ON FUNCTION live.to_inet IS 'Address of a text, without a prefix length. Null if it is none.';

-- A view of live and a table of rollup of one name have the rows of the view that reads them.
DO $$
DECLARE
    rollup record;
BEGIN
    FOR rollup IN
        SELECT name, to_regclass('analytics.' || name) IS NOT NULL AS is_read
        FROM rollup.views
    LOOP
        IF rollup.is_read THEN
            EXECUTE format('COMMENT ON VIEW live.%I IS %L', rollup.name,
                format('Computes the rows of analytics.%s from teams.', rollup.name));
        END IF;
        EXECUTE format('COMMENT ON TABLE rollup.%I IS %L', rollup.name,
            format('Rows of live.%s, computed anew where data has changed.', rollup.name));
    END LOOP;
END $$;

-- Their columns say what they say there, or in what they are made of, first of all in what is named here.
DO $$
DECLARE
    same record;
BEGIN
    FOR same IN
        WITH made AS MATERIALIZED (
            SELECT place, relation::regclass AS relation, made_of::regclass AS made_of
            FROM (VALUES
                (1, 'live.calls', 'teams.call_records'),
                (1, 'live.streams', 'analytics.call_quality_streams'),
                (2, 'live.streams', 'teams.media_streams'),
                (1, 'live.sided_streams', 'analytics.call_quality_streams'),
                (2, 'live.sided_streams', 'teams.media_endpoints'),
                (3, 'live.sided_streams', 'teams.segment_endpoints'),
                (1, 'live.session_endpoints', 'teams.session_endpoints'),
                (1, 'live.segment_endpoints', 'teams.segment_endpoints'),
                (1, 'live.voice_calls', 'analytics.call_quality_streams'),
                (1, 'live.telephony', 'analytics.telephony_calls'),
                (2, 'live.telephony', 'teams.direct_routing_calls'),
                (1, 'live.phone_calls', 'analytics.telephony_calls'),
                (1, 'live.pstn_matches', 'teams.pstn_calls'),
                (1, 'rollup.pstn_matches', 'live.pstn_matches'),
                (2, 'rollup.pstn_matches', 'teams.pstn_calls'),
                (1, 'live.phone_user_daily', 'analytics.telephony_calls'),
                (2, 'live.phone_user_daily', 'analytics.phone_minutes_monthly'),
                (1, 'rollup.phone_user_daily', 'live.phone_user_daily'),
                (2, 'rollup.phone_user_daily', 'analytics.telephony_calls'),
                (3, 'rollup.phone_user_daily', 'analytics.phone_minutes_monthly'),
                (1, 'live.rows_with_unknown', 'analytics.unknown_fields')
            ) m (place, relation, made_of)
        ), columns AS MATERIALIZED (
            SELECT n.nspname AS schema, c.relname, a.attrelid::regclass AS relation, a.attnum, a.attname,
                t.description AS meaning
            FROM pg_namespace n
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'v')
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            LEFT JOIN pg_description t ON t.classoid = 'pg_class'::regclass AND t.objoid = a.attrelid
                AND t.objsubid = a.attnum
            WHERE n.nspname IN ('analytics', 'live', 'rollup', 'teams')
        )
        SELECT DISTINCT ON (c.relation, c.attnum) c.relation, c.attname, d.meaning
        FROM columns c
        JOIN columns d USING (attname)
        LEFT JOIN made m ON m.relation = c.relation AND m.made_of = d.relation
        WHERE c.schema IN ('live', 'rollup') AND c.meaning IS NULL
            AND d.schema <> 'rollup' AND d.meaning IS NOT NULL
        ORDER BY c.relation, c.attnum, m.place, d.relname = c.relname DESC, d.schema, d.relname
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', same.relation, same.attname, same.meaning);
    END LOOP;
END $$;

UPDATE ingest.schema_version SET version = 17;
