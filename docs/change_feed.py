"""Keeps a copy of what was read, by analytics.change_feed alone, in a database of its own.

    python change_feed.py 'host=warehouse dbname=teams' 'host=elsewhere dbname=copy'

It reads what is new and ends; run it as often as the copy is to be fresh. A row of the copy is
a row of the source as JSON, a call record with all its details. docs/change-feed.md has the why.
"""

import json
import sys

import psycopg

DETAILS = ("call_participants", "sessions", "session_endpoints", "segments", "segment_endpoints",
           "segment_media", "media_endpoints", "media_streams")
PAGE = """
    SELECT change_xid_text, table_name, key::text, op
    FROM analytics.change_feed
    WHERE (change_xid, table_name, key) > (%s::text::xid8, %s, %s::jsonb)
    ORDER BY change_xid, table_name, key
    LIMIT %s"""
EPOCH = "SELECT (SELECT epoch FROM analytics.change_feed LIMIT 1)"
ROWS = """
    SELECT k.key::text, to_jsonb(t)::text
    FROM unnest(%s::jsonb[]) AS k (key)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::teams.{0}, k.key || jsonb_build_object('call_id', k.key->'id')) AS r
    JOIN teams.{0} AS t USING ({1})"""
COPY = """
    CREATE TABLE IF NOT EXISTS seen (
        table_name text, key jsonb, rows jsonb, epoch text, expired boolean, PRIMARY KEY (table_name, key));
    CREATE TABLE IF NOT EXISTS mark (epoch text, former text, xid text, table_name text, key text);
    INSERT INTO mark SELECT '', '', '0', '', '{}' WHERE NOT EXISTS (SELECT FROM mark);
    CREATE OR REPLACE VIEW copy AS
    SELECT table_name, key, rows, expired FROM seen
    WHERE expired OR epoch IN (SELECT epoch FROM mark UNION ALL SELECT former FROM mark)"""
PUT = """
    INSERT INTO seen VALUES (%s, %s, %s, %s, false)
    ON CONFLICT (table_name, key) DO UPDATE
    SET rows = excluded.rows, epoch = excluded.epoch, expired = false"""


def read(source, copy, limit):
    """Brings one page to the copy. Returns whether there may be another."""
    epoch, *mark = copy.execute("SELECT epoch, xid, table_name, key FROM mark FOR UPDATE").fetchone()
    page = source.execute(PAGE, (*mark, limit)).fetchall()
    now, = source.execute(EPOCH).fetchone()  # after the page, so that it is of this epoch
    if now is None:
        sys.exit("no epoch: the feed is empty, or a standby that receives nothing or lacks GRANT pg_read_all_stats")
    if now != epoch:  # marks of another epoch mean nothing here
        copy.execute("UPDATE mark SET epoch = %s, xid = '0', table_name = '', key = '{}'", (now,))
        return True
    found = {}
    for table in {table for _, table, _, _ in page}:
        keys = list({key for _, of, key, _ in page if of == table})  # one may have been deleted and come back
        parts = [(table, json.loads(keys[0]))]
        if table == "call_records":
            parts += [(part, ("tenant_id", "call_id")) for part in DETAILS]
        for part, columns in parts:
            for key, row in source.execute(ROWS.format(part, ", ".join(columns)), (keys,)):
                found.setdefault((table, key), {}).setdefault(part, []).append(row)
    for _, table, key, op in page:
        if parts := found.get((table, key)):
            rows = ", ".join(f'"{part}": [{", ".join(rows)}]' for part, rows in parts.items())
            copy.execute(PUT, (table, key, "{" + rows + "}", epoch))
        elif op == "delete":
            copy.execute("DELETE FROM seen WHERE (table_name, key) = (%s, %s::jsonb)", (table, key))
        elif op == "expire":  # leave this out, and delete as above, where no history is to be kept
            copy.execute("UPDATE seen SET expired = true WHERE (table_name, key) = (%s, %s::jsonb)", (table, key))
    if page:
        copy.execute("UPDATE mark SET xid = %s, table_name = %s, key = %s", page[-1][:3])
    if len(page) < limit:  # all of this epoch is here: what was seen in the one before counts no longer
        copy.execute("UPDATE mark SET former = epoch")
    return len(page) == limit


if __name__ == "__main__":
    with psycopg.connect(sys.argv[1], autocommit=True) as source, psycopg.connect(sys.argv[2]) as copy:
        copy.execute(COPY)
        while read(source, copy, 1000):
            copy.commit()
