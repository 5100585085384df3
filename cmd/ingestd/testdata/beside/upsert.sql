-- Takes the rows of a CSV file, and overwrites those that are there.
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMPORARY TABLE stage (LIKE pstn_calls) ON COMMIT DROP;
\copy stage FROM pstdin WITH (FORMAT csv)
INSERT INTO pstn_calls
SELECT DISTINCT ON (id) * FROM stage
ON CONFLICT (id) DO UPDATE SET
    call_id = excluded.call_id,
    user_id = excluded.user_id,
    user_principal_name = excluded.user_principal_name,
    user_display_name = excluded.user_display_name,
    start_date_time = excluded.start_date_time,
    end_date_time = excluded.end_date_time,
    duration = excluded.duration,
    call_type = excluded.call_type,
    caller_number = excluded.caller_number,
    callee_number = excluded.callee_number,
    charge = excluded.charge,
    connection_charge = excluded.connection_charge,
    currency = excluded.currency,
    conference_id = excluded.conference_id,
    destination_context = excluded.destination_context,
    destination_name = excluded.destination_name,
    inventory_type = excluded.inventory_type,
    license_capability = excluded.license_capability,
    operator = excluded.operator,
    call_duration_source = excluded.call_duration_source,
    usage_country_code = excluded.usage_country_code,
    tenant_country_code = excluded.tenant_country_code,
    other_party_country_code = excluded.other_party_country_code,
    administrative_unit_infos = excluded.administrative_unit_infos;
COMMIT;
