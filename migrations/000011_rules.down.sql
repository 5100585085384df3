DROP FUNCTION analytics.is_voice_app(text, text);
DROP FUNCTION analytics.number_matches(text, text);
DROP FUNCTION analytics.shown_digits(text);
DROP FUNCTION analytics.erlang_channels(float8, float8);
DROP FUNCTION analytics.blame(bigint);
DROP FUNCTION analytics.pct(numeric, numeric);
DROP FUNCTION analytics.poor_reasons(text, bigint, float8, float8, float8, float8, float8, float8);
DROP FUNCTION analytics.stream_quality(text, bigint, float8, float8, float8, float8, float8, float8);
DROP FUNCTION analytics.media_kind(text);
DROP FUNCTION analytics.scenario_of(text[]);
DROP FUNCTION analytics.direction_of(text[]);
DROP FUNCTION analytics.call_tokens(text);
DROP FUNCTION analytics.lower_ascii(text);

UPDATE ingest.schema_version SET version = 10;
