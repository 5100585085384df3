-- Rollups: for each bucket view a table of schema rollup that holds what a view of
-- the same name and columns in schema live computes from the rows. They are kept up
-- by day. Whoever writes rows notes their hours in rollup.stale, in the same
-- transaction. A refresh takes the notes away and computes their days anew.

CREATE TABLE rollup.stale (
    tenant_id uuid        NOT NULL,
    source    text        NOT NULL,
    at        timestamptz NOT NULL,
    note_xid  xid8        NOT NULL DEFAULT pg_current_xact_id(),
    noted_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE rollup.stale IS 'What is to be computed anew: one row for each hour of an endpoint in which a transaction wrote rows, by their old and their new time. Rows are only added; a refresh deletes those whose days it has computed.';
COMMENT ON COLUMN rollup.stale.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.stale.source IS 'The endpoint whose rows were written.';
COMMENT ON COLUMN rollup.stale.at IS 'An hour in which such rows are counted.';
COMMENT ON COLUMN rollup.stale.note_xid IS 'The transaction that wrote the rows.';
COMMENT ON COLUMN rollup.stale.noted_at IS 'When it began, by the database''s clock.';

CREATE TABLE rollup.frozen (
    tenant_id uuid        NOT NULL,
    source    text        NOT NULL,
    before    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, source)
);
COMMENT ON TABLE rollup.frozen IS 'Before when rows of an endpoint were deleted by retention. A day that would read any of them is never computed again, and keeps its figures.';
COMMENT ON COLUMN rollup.frozen.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.frozen.source IS 'The endpoint.';
COMMENT ON COLUMN rollup.frozen.before IS 'All rows before this time may be gone. Set in the transaction that deletes them.';

CREATE TABLE rollup.views (
    name               text     PRIMARY KEY,
    sources            text[]   NOT NULL,
    touches_neighbours boolean  NOT NULL DEFAULT false,
    position           smallint NOT NULL DEFAULT 2
);
COMMENT ON TABLE rollup.views IS 'The rollups: each name is a table of schema rollup and a view of schema live, both with the columns tenant_id and day.';
COMMENT ON COLUMN rollup.views.name IS 'Name of table and view.';
COMMENT ON COLUMN rollup.views.sources IS 'The endpoints whose rows it is computed from.';
COMMENT ON COLUMN rollup.views.touches_neighbours IS 'Whether a row counts in the days beside its own too: calls that carry over into the next day, days of UTC, calls that belong to others.';
COMMENT ON COLUMN rollup.views.position IS 'Which are computed first: 1 before 2, as a view may read the rollup of another.';

CREATE TABLE rollup.digests (
    list   text PRIMARY KEY,
    digest text NOT NULL
);
COMMENT ON TABLE rollup.digests IS 'The lists that the figures of rollups depend on, as the last refresh found them. If one has changed, all days are computed anew.';
COMMENT ON COLUMN rollup.digests.list IS 'Name of the list.';
COMMENT ON COLUMN rollup.digests.digest IS 'Digest of its rows (rollup.lists).';

CREATE VIEW rollup.stale_days AS
SELECT s.at, d.day
FROM (
    SELECT DISTINCT at
    FROM rollup.stale
    WHERE at BETWEEN '2000-01-01Z' AND '9999-12-31Z' -- with others one may not reckon
) AS s
JOIN ref.days d ON d.from_at < s.at + interval '70 minutes' AND d.to_at > s.at - interval '10 minutes'
    AND d.from_at > s.at - interval '26 hours'; -- follows from the line above, for the index
COMMENT ON VIEW rollup.stale_days IS 'The days that the hours of rollup.stale lie in or are close to: a row matches others within a minute of it.';
COMMENT ON COLUMN rollup.stale_days.at IS 'The hour.';
COMMENT ON COLUMN rollup.stale_days.day IS 'A day that is to be computed anew.';

-- digest is one over all rows of a list, in whatever order they are stored.
CREATE FUNCTION rollup.digest(list regclass) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    digest text;
BEGIN
    EXECUTE format('
        SELECT md5(coalesce(string_agg(l::text, E''\n'' ORDER BY l::text COLLATE "C"), ''''))
        FROM %s AS l', list)
    INTO digest;
    RETURN digest;
END $$;
COMMENT ON FUNCTION rollup.digest(regclass) IS 'A digest of all rows of a list.';

CREATE VIEW rollup.lists AS
SELECT list, rollup.digest(list::regclass) AS digest
FROM unnest(ARRAY['ref.call_types', 'ref.calling_codes', 'ref.fraud_rules', 'ref.service_identities', 'ref.settings',
    'ref.sip_outcomes', 'ref.site_subnets', 'rollup.views']) AS list;
COMMENT ON VIEW rollup.lists IS 'The lists that the figures of rollups depend on, as they are now.';
COMMENT ON COLUMN rollup.lists.list IS 'Name of the list.';
COMMENT ON COLUMN rollup.lists.digest IS 'Digest of its rows.';

CREATE TABLE rollup.sources (
    name text PRIMARY KEY,
    at   text NOT NULL
);
COMMENT ON TABLE rollup.sources IS 'The endpoints, and how their rows are counted.';
COMMENT ON COLUMN rollup.sources.name IS 'Name of the endpoint and of its table in schema teams.';
COMMENT ON COLUMN rollup.sources.at IS 'The time of a row that decides in which hours and days it counts, as SQL.';
INSERT INTO rollup.sources
VALUES ('call_records', 'start_at'),
    ('pstn_calls', 'start_at'),
    ('direct_routing_calls', 'coalesce(invite_at, start_at)'),
    ('sms_messages', 'sent_at'),
    ('pstn_blocked_users_log', 'block_at'),
    ('dialout_report', 'window_from');

-- note says that rows of an endpoint were changed by hand.
CREATE FUNCTION rollup.note(tenant uuid, source text, first timestamptz, last timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM rollup.sources WHERE name = source) THEN
        RAISE EXCEPTION 'rollup.note: % is no endpoint; it is one of %', source,
            (SELECT string_agg(name, ', ') FROM rollup.sources);
    END IF;
    INSERT INTO rollup.stale (tenant_id, source, at)
    SELECT tenant, source, at
    FROM generate_series(date_trunc('hour', first), last, interval '1 hour') AS at;
END $$;
COMMENT ON FUNCTION rollup.note(uuid, text, timestamptz, timestamptz) IS 'Says that rows of an endpoint were changed by SQL, once for the span of their old times and once for that of their new ones. The next refresh computes these days anew.';

-- note_all notes all days that have rows, and those that have figures in a rollup.
-- Days that have neither are many where little is read yet.
CREATE FUNCTION rollup.note_all() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    zone text := (SELECT report_timezone FROM ref.settings);
    used text;
BEGIN
    SELECT string_agg(days, ' UNION ')
    INTO used
    FROM (
        SELECT format('SELECT tenant_id, %L AS source, (%s AT TIME ZONE %L)::date AS day FROM teams.%I',
            name, at, zone, name) AS days
        FROM rollup.sources
        UNION ALL
        SELECT format('SELECT tenant_id, %L, day FROM rollup.%I', sources[1], name)
        FROM rollup.views
    ) AS tables;
    EXECUTE format('
        INSERT INTO rollup.stale (tenant_id, source, at)
        SELECT tenant_id, source, from_at + (to_at - from_at) / 2
        FROM (%s) AS used
        JOIN ref.days USING (day)', used);
END $$;
COMMENT ON FUNCTION rollup.note_all() IS 'Has the next refresh compute all days anew.';

-- The call record that a PSTN row belongs to: the one it names, or else the one
-- that began within a minute of it and has both its user and the number at the
-- other end, or one of them, if there is just one such. One that is named may have
-- begun on the day before, as people dial into meetings that last. It is looked for
-- as far away as the days reach that are computed anew when it is stored.
CREATE VIEW live.pstn_matches AS
SELECT x.tenant_id, d.day, x.id, x.start_at, x.call_id, x.method, x.score
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT p.tenant_id, p.id, p.start_at,
        coalesce(named.call_id, likely.call_id) AS call_id,
        CASE WHEN named.call_id IS NULL THEN 'heuristic' ELSE 'call_id' END AS method,
        CASE WHEN named.call_id IS NULL THEN likely.score END AS score
    FROM teams.pstn_calls p
    LEFT JOIN ref.call_types k ON k.call_type = analytics.lower_ascii(p.call_type)
    CROSS JOIN LATERAL (
        SELECT CASE coalesce(k.direction, analytics.direction_of(analytics.call_tokens(p.call_type)))
            WHEN 'outbound' THEN p.callee_number
            ELSE p.caller_number END AS external_number
    ) AS n
    LEFT JOIN LATERAL (
        SELECT c.id AS call_id
        FROM teams.call_records c
        WHERE c.tenant_id = p.tenant_id AND c.details_version IS NOT NULL
            AND c.id = CASE
                WHEN p.call_id ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN p.call_id::uuid
            END
            AND c.start_at > p.start_at - interval '20 hours' AND c.start_at < p.start_at + interval '20 hours'
        LIMIT 1 -- there is one at most; without this the planner would read all records for each day
    ) AS named ON true
    LEFT JOIN LATERAL (
        SELECT (array_agg(best.id))[1] AS call_id, best.score, count(*) AS candidates
        FROM (
            SELECT c.id, 1 + coalesce(bool_or(q.user_id = p.user_id), false)::integer
                + coalesce(bool_or(q.is_phone AND analytics.number_matches(q.identity_id, n.external_number)), false)
                    ::integer AS score
            FROM teams.call_records c
            CROSS JOIN LATERAL (
                SELECT m.user_id, m.identity_id, m.identity_kind = 'phone' AS is_phone
                FROM teams.call_participants m
                WHERE m.tenant_id = c.tenant_id AND m.call_id = c.id
                UNION ALL
                SELECT NULL, o.organizer_identity_id, o.organizer_identity_kind = 'phone'
                FROM teams.call_records o
                WHERE o.tenant_id = c.tenant_id AND o.id = c.id
            ) AS q
            -- No index serves this comparison, so the records are found by their start. With = all of the tenant
            -- would be read for each row, as long as the table has no statistics.
            WHERE c.tenant_id IS NOT DISTINCT FROM p.tenant_id AND c.details_version IS NOT NULL
                AND c.start_at >= p.start_at - interval '60 seconds'
                AND c.start_at <= p.start_at + interval '60 seconds'
                AND (q.user_id = p.user_id OR q.is_phone)
            GROUP BY c.id
        ) AS best
        WHERE best.score >= 2
        GROUP BY best.score
        ORDER BY best.score DESC
        LIMIT 1
    ) AS likely ON named.call_id IS NULL AND likely.candidates = 1
    WHERE p.start_at >= d.from_at AND p.start_at < d.to_at
        AND coalesce(named.call_id, likely.call_id) IS NOT NULL
) AS x;

-- start_at is in the key: of a row that is moved to another day, the match of the day
-- before may still be there.
CREATE TABLE rollup.pstn_matches (
    tenant_id uuid        NOT NULL,
    day       date        NOT NULL,
    id        text        NOT NULL COLLATE "C",
    start_at  timestamptz NOT NULL,
    call_id   uuid        NOT NULL,
    method    text        NOT NULL,
    score     integer,
    PRIMARY KEY (tenant_id, id, start_at)
);
CREATE INDEX pstn_matches_day ON rollup.pstn_matches (day);
CREATE INDEX pstn_matches_start ON rollup.pstn_matches (start_at);
CREATE INDEX pstn_matches_call ON rollup.pstn_matches (call_id);

INSERT INTO rollup.views (name, sources, touches_neighbours, position)
VALUES ('pstn_matches', '{call_records,pstn_calls}', true, 1);

UPDATE ingest.schema_version SET version = 12;
