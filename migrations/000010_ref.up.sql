-- Small lists that views look into, for people to edit, and the calendars.
--
-- A list that customers differ in has a tenant_id: null stands for all tenants, and
-- a row of the tenant's own wins over it. Lists are filled here once; later
-- migrations add rows and leave those that are there alone.

-- The schemas of all that is for analysts. They may be there already, made for a user
-- who may not make any.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['ref', 'analytics', 'rollup', 'live'] LOOP
        IF to_regnamespace(name) IS NULL THEN
            EXECUTE format('CREATE SCHEMA %I', name);
        END IF;
    END LOOP;
END $$;

-- One row. The checks refuse a time zone that there is not, and one that is not what it
-- seems: UTC+3 lies west of Greenwich, and CET has no summer.
CREATE TABLE ref.settings (
    single          boolean PRIMARY KEY DEFAULT true CHECK (single),
    report_timezone text NOT NULL DEFAULT 'UTC'
        CONSTRAINT utc_or_a_name_like_europe_berlin CHECK (report_timezone = 'UTC' OR report_timezone ~ '/')
        CHECK (timestamp '2026-01-01' AT TIME ZONE report_timezone IS NOT NULL)
);
INSERT INTO ref.settings DEFAULT VALUES ON CONFLICT DO NOTHING;

-- Lists of the customer.

CREATE TABLE ref.service_identities (
    tenant_id   uuid,
    identity_id text COLLATE "C" NOT NULL,
    UNIQUE NULLS NOT DISTINCT (tenant_id, identity_id)
);
-- The assistant of audio conferences, which joins meetings like a person.
INSERT INTO ref.service_identities (identity_id) VALUES ('9e133cac-5238-4d1e-aaa0-d8ff4ca23f4e')
ON CONFLICT DO NOTHING;

CREATE TABLE ref.org_units (
    tenant_id   uuid,
    user_id     uuid NOT NULL,
    department  text,
    cost_center text,
    valid_from  date NOT NULL DEFAULT '2000-01-01',
    UNIQUE NULLS NOT DISTINCT (user_id, tenant_id, valid_from)
);

CREATE TABLE ref.license_pools (
    tenant_id           uuid,
    license_capability  text NOT NULL,
    usage_country       text NOT NULL,
    context             text NOT NULL,
    minutes_per_license integer NOT NULL,
    licenses            integer NOT NULL,
    UNIQUE NULLS NOT DISTINCT (tenant_id, license_capability, usage_country, context)
);

CREATE TABLE ref.quality_targets (
    tenant_id         uuid,
    media_kind        text NOT NULL,
    call_kind         text NOT NULL,
    poor_pct          numeric,
    setup_failure_pct numeric,
    drop_pct          numeric,
    UNIQUE NULLS NOT DISTINCT (tenant_id, media_kind, call_kind)
);
-- What Microsoft publishes for audio: conferences, and calls of two.
INSERT INTO ref.quality_targets (media_kind, call_kind, poor_pct, setup_failure_pct, drop_pct) VALUES
    ('audio', 'group', 2.0, 0.5, 3.0),
    ('audio', 'p2p', 2.0, 1.0, 3.0)
ON CONFLICT DO NOTHING;

CREATE TABLE ref.fraud_rules (
    tenant_id uuid,
    rule      text NOT NULL,
    parameter text NOT NULL,
    value     numeric NOT NULL,
    UNIQUE NULLS NOT DISTINCT (tenant_id, rule, parameter)
);
INSERT INTO ref.fraud_rules (rule, parameter, value) VALUES
    ('F2', 'minutes', 30),
    ('F2', 'factor', 5),
    ('F3', 'calls', 5),
    ('F3', 'from_hour', 7),
    ('F3', 'to_hour', 20),
    ('F4', 'low', 11),
    ('F4', 'moderate', 21),
    ('F4', 'high', 31),
    ('F4', 'major', 41),
    ('F4', 'critical', 51),
    ('F5', 'calls', 10),
    ('F5', 'seconds', 6)
ON CONFLICT DO NOTHING;

CREATE TABLE ref.site_subnets (
    tenant_id       uuid,
    network         cidr NOT NULL,
    site            text NOT NULL,
    city            text,
    country         text,
    is_vpn          boolean NOT NULL DEFAULT false,
    is_expressroute boolean NOT NULL DEFAULT false,
    UNIQUE NULLS NOT DISTINCT (tenant_id, network)
);
CREATE INDEX site_subnets_network ON ref.site_subnets USING gist (network inet_ops);

CREATE TABLE ref.numbers (
    tenant_id uuid,
    number    text NOT NULL,
    user_id   uuid,
    UNIQUE NULLS NOT DISTINCT (number, tenant_id)
);

-- Lists that are the same for everyone.

CREATE TABLE ref.call_types (
    call_type           text COLLATE "C" PRIMARY KEY CHECK (call_type = lower(call_type)),
    direction           text NOT NULL,
    scenario            text NOT NULL,
    is_operator_connect boolean NOT NULL DEFAULT false
);
-- What was seen. Any other type goes through the rules that made these rows.
INSERT INTO ref.call_types (call_type, direction, scenario) VALUES
    ('user_in', 'inbound', 'user'),
    ('user_out', 'outbound', 'user'),
    ('user_out_conf', 'outbound', 'user_add_participant'),
    ('user_out_transfer', 'outbound', 'user_transfer'),
    ('user_out_forwarding', 'outbound', 'user_forward'),
    ('conf_in', 'inbound', 'audio_conference'),
    ('conf_out', 'outbound', 'audio_conference'),
    ('ucap_in', 'inbound', 'voice_app'),
    ('ucap_out', 'outbound', 'voice_app'),
    ('unassigned_in', 'inbound', 'unassigned_number'),
    ('byotin', 'inbound', 'user'),
    ('byotout', 'outbound', 'user'),
    ('byotinucap', 'inbound', 'voice_app'),
    ('byotoutucap', 'outbound', 'voice_app'),
    ('byotoutuserconf', 'outbound', 'user_add_participant'),
    ('byotoutuserforwarding', 'outbound', 'user_forward'),
    ('byotoutusertransfer', 'outbound', 'user_transfer'),
    ('dr_in', 'inbound', 'user'),
    ('dr_out', 'outbound', 'user'),
    ('dr_in_ucap', 'inbound', 'voice_app'),
    ('dr_out_ucap', 'outbound', 'voice_app'),
    ('dr_out_user_conf', 'outbound', 'user_add_participant'),
    ('dr_out_user_forwarding', 'outbound', 'user_forward'),
    ('dr_out_user_transfer', 'outbound', 'user_transfer'),
    ('dr_emergency_out', 'outbound', 'emergency'),
    ('dr_unassigned_in', 'inbound', 'unassigned_number'),
    ('sms_in', 'inbound', 'user'),
    ('sms_out', 'outbound', 'user')
ON CONFLICT DO NOTHING;
INSERT INTO ref.call_types VALUES ('oc_ucap_in', 'inbound', 'voice_app', true) ON CONFLICT DO NOTHING;

-- The digits that a number begins with, without plus, and the country (ISO 3166).
-- dialled is what numbers are compared with, as they are written with a plus.
CREATE TABLE ref.calling_codes (
    prefix  text COLLATE "C" PRIMARY KEY CHECK (prefix ~ '^[0-9]{1,7}$'),
    country text NOT NULL,
    dialled text COLLATE "C" GENERATED ALWAYS AS ('+' || prefix) STORED UNIQUE
);
INSERT INTO ref.calling_codes (prefix, country)
SELECT regexp_split_to_table(prefixes, '\s+'), country
FROM (VALUES
    ('AD', '376'), ('AE', '971'), ('AF', '93'), ('AG', '1268'), ('AI', '1264'), ('AL', '355'), ('AM', '374'),
    ('AO', '244'), ('AR', '54'), ('AS', '1684'), ('AT', '43'), ('AU', '61'), ('AW', '297'), ('AX', '35818'),
    ('AZ', '994'), ('BA', '387'), ('BB', '1246'), ('BD', '880'), ('BE', '32'), ('BF', '226'), ('BG', '359'),
    ('BH', '973'), ('BI', '257'), ('BJ', '229'), ('BM', '1441'), ('BN', '673'), ('BO', '591'), ('BQ', '599'),
    ('BR', '55'), ('BS', '1242'), ('BT', '975'), ('BW', '267'), ('BY', '375'), ('BZ', '501'),
    ('CA', '1204 1226 1236 1249 1250 1257 1263 1289 1306 1343 1354 1365 1367 1368 1382 1403 1416 1418 1428 1431
        1437 1438 1450 1460 1468 1474 1506 1514 1519 1548 1579 1581 1584 1587 1604 1613 1639 1647 1672 1683 1705
        1709 1742 1753 1778 1780 1782 1807 1819 1825 1867 1873 1879 1902 1905 1942'),
    ('CC', '6189162'), ('CD', '243'), ('CF', '236'), ('CG', '242'), ('CH', '41'), ('CI', '225'), ('CK', '682'),
    ('CL', '56'), ('CM', '237'), ('CN', '86'), ('CO', '57'), ('CR', '506'), ('CU', '53'), ('CV', '238'),
    ('CW', '5999'), ('CX', '6189164'), ('CY', '357'), ('CZ', '420'), ('DE', '49'), ('DJ', '253'), ('DK', '45'),
    ('DM', '1767'), ('DO', '1809 1829 1849'), ('DZ', '213'), ('EC', '593'), ('EE', '372'), ('EG', '20'),
    ('ER', '291'), ('ES', '34'), ('ET', '251'), ('FI', '358'), ('FJ', '679'), ('FK', '500'), ('FM', '691'),
    ('FO', '298'), ('FR', '33'), ('GA', '241'), ('GB', '44'), ('GD', '1473'), ('GE', '995'), ('GF', '594'),
    ('GG', '441481 447781 447839 447911'), ('GH', '233'), ('GI', '350'), ('GL', '299'), ('GM', '220'), ('GN', '224'),
    ('GP', '590'), ('GQ', '240'), ('GR', '30'), ('GT', '502'), ('GU', '1671'), ('GW', '245'), ('GY', '592'),
    ('HK', '852'), ('HN', '504'), ('HR', '385'), ('HT', '509'), ('HU', '36'), ('ID', '62'), ('IE', '353'),
    ('IL', '972'), ('IM', '441624 447524 447624 447924'), ('IN', '91'), ('IO', '246'), ('IQ', '964'), ('IR', '98'),
    ('IS', '354'), ('IT', '39'), ('JE', '441534 447509 447700 447797 447829 447937'), ('JM', '1658 1876'),
    ('JO', '962'), ('JP', '81'), ('KE', '254'), ('KG', '996'), ('KH', '855'), ('KI', '686'), ('KM', '269'),
    ('KN', '1869'), ('KP', '850'), ('KR', '82'), ('KW', '965'), ('KY', '1345'), ('KZ', '76 77'), ('LA', '856'),
    ('LB', '961'), ('LC', '1758'), ('LI', '423'), ('LK', '94'), ('LR', '231'), ('LS', '266'), ('LT', '370'),
    ('LU', '352'), ('LV', '371'), ('LY', '218'), ('MA', '212'), ('MC', '377'), ('MD', '373'), ('ME', '382'),
    ('MG', '261'), ('MH', '692'), ('MK', '389'), ('ML', '223'), ('MM', '95'), ('MN', '976'), ('MO', '853'),
    ('MP', '1670'), ('MQ', '596'), ('MR', '222'), ('MS', '1664'), ('MT', '356'), ('MU', '230'), ('MV', '960'),
    ('MW', '265'), ('MX', '52'), ('MY', '60'), ('MZ', '258'), ('NA', '264'), ('NC', '687'), ('NE', '227'),
    ('NF', '672'), ('NG', '234'), ('NI', '505'), ('NL', '31'), ('NO', '47'), ('NP', '977'), ('NR', '674'),
    ('NU', '683'), ('NZ', '64'), ('OM', '968'), ('PA', '507'), ('PE', '51'), ('PF', '689'), ('PG', '675'),
    ('PH', '63'), ('PK', '92'), ('PL', '48'), ('PM', '508'), ('PR', '1787 1939'), ('PS', '970'), ('PT', '351'),
    ('PW', '680'), ('PY', '595'), ('QA', '974'), ('RE', '262'), ('RO', '40'), ('RS', '381'), ('RU', '7'),
    ('RW', '250'), ('SA', '966'), ('SB', '677'), ('SC', '248'), ('SD', '249'), ('SE', '46'), ('SG', '65'),
    ('SH', '247 290'), ('SI', '386'), ('SJ', '4779'), ('SK', '421'), ('SL', '232'), ('SM', '378'), ('SN', '221'),
    ('SO', '252'), ('SR', '597'), ('SS', '211'), ('ST', '239'), ('SV', '503'), ('SX', '1721'), ('SY', '963'),
    ('SZ', '268'), ('TC', '1649'), ('TD', '235'), ('TG', '228'), ('TH', '66'), ('TJ', '992'), ('TK', '690'),
    ('TL', '670'), ('TM', '993'), ('TN', '216'), ('TO', '676'), ('TR', '90'), ('TT', '1868'), ('TV', '688'),
    ('TW', '886'), ('TZ', '255'), ('UA', '380'), ('UG', '256'), ('US', '1'), ('UY', '598'), ('UZ', '998'),
    ('VA', '379 3906698'), ('VC', '1784'), ('VE', '58'), ('VG', '1284'), ('VI', '1340'), ('VN', '84'), ('VU', '678'),
    ('WF', '681'), ('WS', '685'), ('XK', '383'), ('YE', '967'), ('YT', '262269 262639'), ('ZA', '27'), ('ZM', '260'),
    ('ZW', '263')
) c(country, prefixes)
ON CONFLICT DO NOTHING;
-- Satellites and services of the whole world; 001 is its code with the United Nations.
INSERT INTO ref.calling_codes (prefix, country)
SELECT unnest(ARRAY['800', '808', '870', '878', '881', '882', '883', '888', '979']), '001'
ON CONFLICT DO NOTHING;

-- What a SIP code of a failed call says about it; sub_reason null stands for any
-- other. A code that is not here is a failure of the network.
CREATE TABLE ref.sip_outcomes (
    sip_code   integer NOT NULL,
    sub_reason bigint,
    outcome    text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (sip_code, sub_reason)
);
INSERT INTO ref.sip_outcomes (sip_code, sub_reason, outcome) VALUES
    (486, NULL, 'user_busy'),
    (600, NULL, 'user_busy'),
    (408, 560408, 'ring_no_answer'),
    (480, NULL, 'ring_no_answer'),
    (487, NULL, 'ring_no_answer'),
    (603, NULL, 'terminal_reject'),
    (607, NULL, 'terminal_reject'),
    (608, NULL, 'terminal_reject'),
    (404, NULL, 'bad_number'),
    (410, NULL, 'bad_number'),
    (484, NULL, 'bad_number'),
    (604, NULL, 'bad_number')
ON CONFLICT DO NOTHING;

-- Microsoft's subcodes beside the SIP code, and what to do about them.
CREATE TABLE ref.ms_subcodes (
    sip_code   integer NOT NULL,
    sub_reason bigint NOT NULL,
    meaning    text NOT NULL,
    action     text,
    PRIMARY KEY (sip_code, sub_reason)
);
INSERT INTO ref.ms_subcodes (sip_code, sub_reason, meaning, action) VALUES
    (0, 540000, 'the call went well and was ended', NULL),
    (402, 560402, 'the carrier asks to be paid', 'settle it with the carrier'),
    (403, 10199, 'the person called may not take private calls', 'look at their calling policy'),
    (403, 10500, 'location-based routing forbids the call', 'look at sites, trunks and routing policy'),
    (403, 10553, 'a recorder that has to be there did not join', 'look at the recording bot'),
    (403, 510532, 'the trunk is not one of the tenant', 'compare the name of the SBC with the trunks'),
    (403, 510534, 'the tenant blocks the caller', 'look at the blocked numbers, if it was not meant'),
    (403, 510559, 'no voice route takes the number', 'look at voice routes and number patterns'),
    (403, 510560, 'the user is not enabled for voice', 'give the user a licence and voice'),
    (403, 510562, 'the user may not call the telephone network', 'look at the dial-out policy'),
    (403, 510563, 'the user may only call within the country', 'look at the dial-out policy'),
    (403, 560403, 'the SBC refused the call', 'look at the log of the SBC'),
    (404, 10202, 'the call that was to be replaced has ended', NULL),
    (404, 511404, 'the number belongs to no user', 'assign the number, or route it elsewhere'),
    (408, 0, 'media was not there within 90 s, by the client', 'look at firewall and client network'),
    (408, 1106, 'the SBC did not confirm the answer (ACK)', 'look at SIP between SBC and Microsoft'),
    (408, 500001, 'the SBC said nothing until another was tried', 'look whether the SBC is up and reachable'),
    (408, 560408, 'the far end did not answer', NULL),
    (480, 10037, 'the person called is signed in nowhere', NULL),
    (480, 10140, 'the bot is not set up', 'look at the application that has the number'),
    (480, 10191, 'a policy turns voicemail off', 'look at the voicemail policy'),
    (484, 560484, 'the number is malformed', 'look at number translation rules'),
    (486, 10321, 'the bot is busy', 'look at the load of the application'),
    (500, 510482, 'calls are forwarded in a circle', 'look at the forwarding of those involved'),
    (500, 510544, 'there is no trunk for the call, be it an emergency', 'look at voice routes and their trunks'),
    (503, 560503, 'the SBC is overloaded or has no free line', 'add lines to the carrier, or an SBC'),
    (504, 549002, 'the SBC is not connected', 'look whether the SBC is up and reachable'),
    (504, 549018, 'SIP of the SBC cannot be understood', 'look at the SBC''s SIP headers'),
    (504, 569002, 'no connection, or no TLS, to the SBC', 'look at firewall and TLS of the SBC'),
    (504, 569003, 'the SBC''s certificate is not trusted or has expired', 'renew the certificate'),
    (504, 569008, 'the SBC''s certificate has expired', 'renew the certificate'),
    (504, 569009, 'the root of the SBC''s certificate is not trusted', 'take one of an authority that is'),
    (504, 569015, 'DNS does not know the SBC', 'put its name into public DNS'),
    (504, 569016, 'DNS has no address for the SBC', 'add an A or AAAA record'),
    (504, 569018, 'SIP of the SBC cannot be understood', 'look at the SBC''s SIP headers')
ON CONFLICT DO NOTHING;

-- The codes of license_capability.
CREATE TABLE ref.license_codes (
    license_capability text PRIMARY KEY,
    family             text NOT NULL,
    meaning            text NOT NULL
);
INSERT INTO ref.license_codes (license_capability, family, meaning) VALUES
    ('MCOPSTN1', 'calling', 'domestic plan: 3000 minutes in the US, 1200 in Europe'),
    ('MCOPSTN2', 'calling', 'international plan: 600 minutes abroad'),
    ('MCOPSTN5', 'calling', 'domestic plan of 120 minutes'),
    ('MCOPSTN6', 'calling', 'domestic plan of 240 minutes'),
    ('MCOPSTN8', 'calling', 'domestic plan of 120 minutes for each user, not shared'),
    ('MCOPSTN9', 'calling', 'international plan: 600 minutes abroad'),
    ('MCOPSTNCAP', 'calling', 'phone in a common area'),
    ('MCOPSTNPP', 'calling', 'communications credits'),
    ('MCOPSTNU', 'calling', 'calling plan, by its name'),
    ('MCOEV', 'voice_app', 'phone system'),
    ('MCOEV_VIRTUALUSER', 'voice_app', 'phone system of a resource account'),
    ('MCOEV_VIRTUALUSER_GOV', 'voice_app', 'phone system of a resource account, US government'),
    ('MCOSMS1', 'sms', 'text messages'),
    ('MCOMEETADD', 'conferencing', 'audio conferencing: 60 minutes of dial-out a month, shared'),
    ('MCOMEETADD_CN_GLOBAL', 'conferencing', 'audio conferencing, China'),
    ('MCOMEETADD_DIALOUT_US', 'conferencing', 'audio conferencing with dial-out in the US'),
    ('MCOMEETADD_TATA', 'conferencing', 'audio conferencing, India'),
    ('MCOMEETACPEA', 'conferencing', 'audio conferencing, paid by the minute'),
    ('MCOMEETACPEA_GOV', 'conferencing', 'audio conferencing, paid by the minute, US government'),
    ('FREECALL', 'none', 'not priced, because of a fault')
ON CONFLICT DO NOTHING;

-- The days and hours of the report time zone. They span the data only, as a row
-- without any costs every view without a filter a look. hour is the instant it
-- begins at, so the hour that autumn repeats has two rows.

CREATE TABLE ref.days (
    day         date PRIMARY KEY,
    from_at     timestamptz NOT NULL UNIQUE,
    to_at       timestamptz NOT NULL,
    week        date NOT NULL,
    month       date NOT NULL,
    day_of_week integer NOT NULL
);

CREATE TABLE ref.hours (
    hour        timestamptz PRIMARY KEY,
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL,
    day         date NOT NULL,
    hour_of_day integer NOT NULL,
    day_of_week integer NOT NULL
);
CREATE INDEX hours_day ON ref.hours (day);

-- midnight is when a day begins in a time zone. Where clocks go back to midnight it
-- comes twice, and the first counts.
CREATE FUNCTION ref.midnight(day timestamp, zone text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN day AT TIME ZONE zone - CASE
    WHEN (day AT TIME ZONE zone - interval '1 hour') AT TIME ZONE zone >= day THEN interval '1 hour'
    ELSE interval '0'
END;

-- fill_calendars makes the calendars reach from one day to another, and beyond where
-- they do already. After the time zone has changed, or what the server knows of it, it
-- makes all of them anew. It reports whether it did.
CREATE FUNCTION ref.fill_calendars(first date, last date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    zone text := (SELECT report_timezone FROM ref.settings);
    old_first date := (SELECT min(day) FROM ref.days);
    old_last date := (SELECT max(day) FROM ref.days);
    are_of_another_zone boolean := EXISTS (
        SELECT FROM ref.days
        WHERE from_at <> ref.midnight(day, zone) OR to_at <> ref.midnight(day + 1, zone)
    );
BEGIN
    first := least(first, old_first);
    last := greatest(last, old_last);
    IF are_of_another_zone THEN
        DELETE FROM ref.hours;
        DELETE FROM ref.days;
        old_first := NULL;
    END IF;
    WITH new AS (
        INSERT INTO ref.days (day, from_at, to_at, week, month, day_of_week)
        SELECT d::date, ref.midnight(d, zone), ref.midnight(d + interval '1 day', zone),
            date_trunc('week', d)::date, date_trunc('month', d)::date, extract(isodow FROM d)
        FROM generate_series(first::timestamp, last::timestamp, interval '1 day') d
        WHERE old_first IS NULL OR d < old_first OR d > old_last
        ON CONFLICT DO NOTHING
        RETURNING *
    )
    INSERT INTO ref.hours (hour, from_at, to_at, day, hour_of_day, day_of_week)
    SELECT h, h, least(h + interval '1 hour', new.to_at), new.day, extract(hour FROM h AT TIME ZONE zone),
        new.day_of_week
    FROM new
    CROSS JOIN generate_series(new.from_at, new.to_at - interval '1 second', interval '1 hour') h
    ON CONFLICT DO NOTHING;
    RETURN are_of_another_zone;
END $$;

-- extend_calendars makes the calendars reach from the first row with a time to
-- tomorrow. Times before Teams was there are wrong, and would make them very long. A
-- setting that someone deleted is the default again. It reports whether all days were
-- made anew.
CREATE FUNCTION ref.extend_calendars() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    zone text;
    today date;
    launch timestamptz := '2017-01-01Z';
    first timestamptz := least(
        (SELECT min(start_at) FROM teams.call_records WHERE start_at >= launch),
        (SELECT min(start_at) FROM teams.pstn_calls WHERE start_at >= launch),
        (SELECT min(coalesce(invite_at, start_at)) FROM teams.direct_routing_calls
            WHERE coalesce(invite_at, start_at) >= launch),
        (SELECT min(sent_at) FROM teams.sms_messages WHERE sent_at >= launch),
        (SELECT min(block_at) FROM teams.pstn_blocked_users_log WHERE block_at >= launch),
        (SELECT min(window_from) FROM teams.dialout_report WHERE window_from >= launch));
BEGIN
    INSERT INTO ref.settings DEFAULT VALUES ON CONFLICT DO NOTHING;
    zone := (SELECT report_timezone FROM ref.settings);
    today := (now() AT TIME ZONE zone)::date;
    RETURN ref.fill_calendars(least((first AT TIME ZONE zone)::date, today), today + 1);
END $$;

UPDATE ingest.schema_version SET version = 10;
