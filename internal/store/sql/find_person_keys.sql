-- The keys, as texts, of the elements whose rows name a person, as find_person.sql has it.
SELECT DISTINCT ARRAY[{keys}]
FROM {from}
WHERE {ours} AND (concat_ws(chr(10), {texts}) ~* $2 OR concat_ws(chr(10), {words}) ~* $3)
