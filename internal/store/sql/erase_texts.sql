-- Replaces in the columns of a table what fits patterns $3 by the texts $4, where any of $2 fits.
UPDATE {table} t
SET {set}
WHERE {ours} AND concat_ws(chr(10), {words}) ~* $2
