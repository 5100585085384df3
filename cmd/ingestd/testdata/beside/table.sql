-- The phone calls of a tenant as a script's author would store them: a column for
-- each member of a row, with the indexes that teams.pstn_calls has for readers.
CREATE TABLE pstn_calls (
    id                        text PRIMARY KEY,
    call_id                   text,
    user_id                   text, -- empty where there is none
    user_principal_name       text,
    user_display_name         text,
    start_date_time           timestamptz,
    end_date_time             timestamptz,
    duration                  integer,
    call_type                 text,
    caller_number             text,
    callee_number             text,
    charge                    numeric,
    connection_charge         numeric,
    currency                  text,
    conference_id             text,
    destination_context       text,
    destination_name          text,
    inventory_type            text,
    license_capability        text,
    operator                  text,
    call_duration_source      text,
    usage_country_code        text,
    tenant_country_code       text,
    other_party_country_code  text,
    administrative_unit_infos jsonb
);
CREATE INDEX ON pstn_calls (call_id);
CREATE INDEX ON pstn_calls (start_date_time);
CREATE INDEX ON pstn_calls (user_id, start_date_time);
