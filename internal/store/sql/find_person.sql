-- How many rows of a table name a person, and from when to when. Of columns {words} all that
-- is known of them tells, of the others what is nobody else's.
SELECT count(*), min(coalesce({at})::timestamptz), max(coalesce({at})::timestamptz)
FROM {from}
WHERE {ours} AND (concat_ws(chr(10), {texts}) ~* $2 OR concat_ws(chr(10), {words}) ~* $3)
