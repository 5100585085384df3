"""Compares Parquet files with the views of PostgreSQL they were made of.

    compare.py DSN FOLDER

DuckDB and pyarrow each read the files of every view in the folder. Prints a line
for each view, and fails if a value, a row or a type differs.
"""

import collections
import datetime
import decimal
import pathlib
import sys
import uuid

import duckdb
import psycopg
import pyarrow.parquet

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

# What each type of PostgreSQL has to be for DuckDB.
TYPES = {
    "boolean": "BOOLEAN", "integer": "INTEGER", "bigint": "BIGINT", "double precision": "DOUBLE", "date": "DATE",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE", "timestamp without time zone": "TIMESTAMP",
    "numeric": "DECIMAL(38,9)",
}


def plain(value):
    """A value in the form in which all three are compared."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, decimal.Decimal):
        return str(value.quantize(decimal.Decimal("1e-9"), rounding=decimal.ROUND_HALF_UP))
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    return value


def rows(values):
    return collections.Counter(tuple(plain(v) for v in row) for row in values)


def main(dsn, folder):
    connection = psycopg.connect(dsn, autocommit=True)
    source = connection.cursor()
    duck = duckdb.connect()
    decimal.getcontext().prec = 50
    for view in sorted(p.name for p in pathlib.Path(folder).iterdir()):
        source.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'analytics' AND table_name = %s ORDER BY ordinal_position", (view,))
        columns = source.fetchall()
        names = ", ".join('"%s"' % name for name, _ in columns)
        source.execute("SELECT %s FROM analytics.%s" % (names, view))
        want = rows(source.fetchall())
        if not list(pathlib.Path(folder, view).rglob("*.parquet")):
            assert not want, "%s: there is no file for %d rows" % (view, want.total())
            continue

        files = "read_parquet('%s/%s/**/*.parquet', hive_partitioning = false)" % (folder, view)
        described = duck.execute("DESCRIBE SELECT * FROM " + files).fetchall()
        types = [(name, TYPES.get(kind, "VARCHAR")) for name, kind in columns]
        assert [d[:2] for d in described] == types, (view, described, types)
        read = duck.sql("SELECT %s FROM %s" % (names, files)).to_arrow_table()
        assert rows(zip(*(c.to_pylist() for c in read.columns))) == want, "%s: DuckDB reads other rows" % view

        read = pyarrow.parquet.read_table(pathlib.Path(folder, view)).select([name for name, _ in columns])
        assert rows(zip(*(c.to_pylist() for c in read.columns))) == want, "%s: pyarrow reads other rows" % view
        print("%s: %d rows" % (view, want.total()))


main(*sys.argv[1:])
