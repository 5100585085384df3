-- Rules that several views share, as functions. The planner puts all but
-- erlang_channels into the query that calls them, so they cost what they would
-- cost written out. It does so only where an argument that is used more than once
-- is cheap: hand them columns.

-- lower_ascii puts a word of Graph's into lower case. These words are ASCII, for which
-- the collation C takes a fifth of the time; and by that of a Turkish database the I of
-- International is no i.
CREATE FUNCTION analytics.lower_ascii(word text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(word COLLATE "C");

-- call_tokens splits a call type into its words: ByotOutUserForwarding into byot,
-- out, user, forwarding. In other letter cases the words of such a name are known by
-- a pattern. Views look into ref.call_types first, as this takes a microsecond.
CREATE FUNCTION analytics.call_tokens(call_type text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(string_to_array(analytics.lower_ascii(regexp_replace(
    regexp_replace(call_type COLLATE "C",
        '^byot(in|out)(ucap|user)?(conf|forwarding|transfer)?$', 'byot_\1_\2_\3', 'i'),
    '([a-z0-9])([A-Z])', '\1_\2', 'g')), '_'), '');

CREATE FUNCTION analytics.direction_of(tokens text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN 'in' = ANY (tokens) THEN 'inbound'
    WHEN 'out' = ANY (tokens) THEN 'outbound'
    ELSE 'unknown'
END;

-- scenario_of names what a call was about. The first line that holds counts.
CREATE FUNCTION analytics.scenario_of(tokens text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN 'emergency' = ANY (tokens) THEN 'emergency'
    WHEN 'unassigned' = ANY (tokens) THEN 'unassigned_number'
    WHEN 'ucap' = ANY (tokens) THEN 'voice_app'
    WHEN tokens[1] = 'conf' OR tokens[1:2] = ARRAY['oc', 'conf'] THEN 'audio_conference'
    WHEN tokens && ARRAY['forwarding', 'forward'] THEN 'user_forward'
    WHEN 'transfer' = ANY (tokens) THEN 'user_transfer'
    WHEN tokens[cardinality(tokens)] = 'conf' THEN 'user_add_participant'
    WHEN tokens && ARRAY['in', 'out'] THEN 'user'
    ELSE 'other'
END;

-- media_kind tells what a media carries, by its label.
CREATE FUNCTION analytics.media_kind(label text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN strpos(analytics.lower_ascii(label), 'audio') > 0 THEN 'audio'
    WHEN strpos(analytics.lower_ascii(label), 'applicationsharing') > 0 THEN 'vbss'
    WHEN strpos(analytics.lower_ascii(label), 'vbss') > 0 THEN 'vbss'
    WHEN strpos(analytics.lower_ascii(label), 'video') > 0 THEN 'video'
    ELSE 'data'
END;

-- stream_quality classifies a stream as Microsoft's Call Quality Dashboard has done
-- since 2024. Audio of up to 500 packets, or of which nothing was measured, is
-- unclassified; so is data. For video and sharing the first metric known decides.
-- media_kind is used once, so that the function of that name may be its argument.
CREATE FUNCTION analytics.stream_quality(
    media_kind text, packets bigint, rtt_ms float8, jitter_ms float8, packet_loss float8,
    frame_loss_pct float8, frame_rate float8, fec_loss float8
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    CASE media_kind
        WHEN 'audio' THEN
            CASE WHEN packets > 500 AND coalesce(rtt_ms, jitter_ms, packet_loss) IS NOT NULL THEN
                coalesce(rtt_ms > 500, false)
                OR coalesce(jitter_ms > 30, false)
                OR coalesce(packet_loss > 0.1, false)
            END
        WHEN 'video' THEN coalesce(frame_loss_pct > 50, frame_rate < 7, fec_loss > 0.15)
        WHEN 'vbss' THEN coalesce(frame_loss_pct > 50, frame_rate < 2, fec_loss > 0.15)
    END
    WHEN true THEN 'poor'
    WHEN false THEN 'good'
    ELSE 'unclassified'
END;

-- poor_reasons names the metrics that make a stream poor, joined by commas; null
-- unless it is.
CREATE FUNCTION analytics.poor_reasons(
    media_kind text, packets bigint, rtt_ms float8, jitter_ms float8, packet_loss float8,
    frame_loss_pct float8, frame_rate float8, fec_loss float8
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE media_kind
    WHEN 'audio' THEN CASE WHEN packets > 500 THEN nullif(concat_ws(',',
        CASE WHEN rtt_ms > 500 THEN 'rtt' END,
        CASE WHEN jitter_ms > 30 THEN 'jitter' END,
        CASE WHEN packet_loss > 0.1 THEN 'loss' END), '') END
    WHEN 'video' THEN CASE
        WHEN frame_loss_pct IS NOT NULL THEN CASE WHEN frame_loss_pct > 50 THEN 'frame_loss' END
        WHEN frame_rate IS NOT NULL THEN CASE WHEN frame_rate < 7 THEN 'frame_rate' END
        WHEN fec_loss > 0.15 THEN 'fec_loss' END
    WHEN 'vbss' THEN CASE
        WHEN frame_loss_pct IS NOT NULL THEN CASE WHEN frame_loss_pct > 50 THEN 'frame_loss' END
        WHEN frame_rate IS NOT NULL THEN CASE WHEN frame_rate < 2 THEN 'frame_rate' END
        WHEN fec_loss > 0.15 THEN 'fec_loss' END
END;

-- pct is n of d in percent; null if d is 0.
CREATE FUNCTION analytics.pct(n numeric, d numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(100.0 * n / nullif(d, 0), 2);

-- blame tells whose subcode it is: those of a customer's SBC begin with 560.
CREATE FUNCTION analytics.blame(sub_reason bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN starts_with(sub_reason::text, '560') THEN 'sbc' WHEN sub_reason IS NOT NULL THEN 'microsoft' END;

-- erlang_channels is how many lines a load needs so that no more than a share of the
-- calls is blocked (Erlang B). It is null where no number of lines would do.
CREATE FUNCTION analytics.erlang_channels(erlangs float8, blocked float8) RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    blocking float8 := 1;
    channels integer := 0;
BEGIN
    IF erlangs <= 0 THEN
        RETURN 0;
    ELSIF erlangs >= 'Infinity' OR blocked <= 0 THEN
        RETURN NULL;
    END IF;
    WHILE blocking > blocked LOOP
        channels := channels + 1;
        blocking := erlangs * blocking / (channels + erlangs * blocking);
    END LOOP;
    RETURN channels;
END $$;

-- shown_digits is what a number shows before its first masked digit, without plus.
CREATE FUNCTION analytics.shown_digits(number text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN split_part(ltrim(number, '+'), '*', 1);

-- number_matches reports whether two numbers may be the same. A masked one has to
-- show at least six digits. It is for finding the call record of a call; anywhere
-- else a masked number equals no other.
CREATE FUNCTION analytics.number_matches(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN strpos(a, '*') = 0 AND strpos(b, '*') = 0 THEN ltrim(a, '+') = ltrim(b, '+')
    WHEN strpos(b, '*') = 0 THEN
        length(analytics.shown_digits(a)) >= 6 AND starts_with(ltrim(b, '+'), analytics.shown_digits(a))
    WHEN strpos(a, '*') = 0 THEN
        length(analytics.shown_digits(b)) >= 6 AND starts_with(ltrim(a, '+'), analytics.shown_digits(b))
    ELSE least(length(analytics.shown_digits(a)), length(analytics.shown_digits(b))) >= 6 AND (
        starts_with(analytics.shown_digits(a), analytics.shown_digits(b))
        OR starts_with(analytics.shown_digits(b), analytics.shown_digits(a)))
END;

-- is_voice_app reports whether an endpoint of a session is a call queue or an auto
-- attendant. It is, word for word, the condition of an index of session_endpoints.
CREATE FUNCTION analytics.is_voice_app(service_role text, user_agent_header text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(service_role) IN ('skypeforbusinesscallqueues', 'skypeforbusinessautoattendant')
    OR strpos(lower(user_agent_header), 'callqueue') > 0
    OR strpos(lower(user_agent_header), 'autoattendant') > 0;

UPDATE ingest.schema_version SET version = 11;
