#!/usr/bin/env bash
# Rows that follow others are changed to fit the type of the first, without a word: 0.75 is 0 in deltalake 1.6.6, 1 in DuckDB 2.0.1.
#
# A first batch of scores of 0 and 1 makes a column of whole numbers, and so does a first day of amounts without cents. deltalake
# cuts off what is appended or merged then, schema_mode="merge" widens nothing, and a time becomes its day. DuckDB reads all
# files of a pattern as the first one in the order of their names, and rounds; union_by_name=True keeps the values. fastparquet
# 2026.9.0 moves decimals' points, moves times by centuries and lets whole numbers overflow. pyarrow 26.0.1 reads times as
# days, and whole numbers as booleans, and raises otherwise; pandas reads by way of it. polars 2.1.0 and pyiceberg 0.12.0 raise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1 polars==2.1.0 \
    duckdb==2.0.1 deltalake==1.6.6 fastparquet==2026.9.0 "pyiceberg[sql-sqlite]==0.12.0" sqlalchemy==2.1.9

cat > "$folder/expected.txt" <<'TEXT'
0.75 after whole numbers
  0: deltalake's append, deltalake's append with schema_mode, deltalake's merge, fastparquet
  ValueError: pyiceberg's append
  1: DuckDB's insert, DuckDB
  0.75: DuckDB by name
  ArrowInvalid: pyarrow, pandas
  SchemaError: polars
1.105 after decimals of two places
  SchemaMismatchError: deltalake's append, deltalake's append with schema_mode
  1.11: deltalake's merge, DuckDB's insert, DuckDB
  ArrowInvalid: pyiceberg's append, pyarrow, pandas
  1.105: DuckDB by name
  11.05: fastparquet
  SchemaError: polars
noon after days
  CommitFailedError: deltalake's append
  2026-01-02: deltalake's append with schema_mode, deltalake's merge, DuckDB's insert, DuckDB, pyarrow, pandas
  ValueError: pyiceberg's append
  2026-01-02 12:00:00: DuckDB by name
  1818-02-07 22:33:15.430313984: fastparquet
  SchemaError: polars
noon in microseconds after milliseconds
  2026-01-02 12:00:00: deltalake's append, deltalake's append with schema_mode, deltalake's merge, pyiceberg's append, DuckDB's insert, DuckDB, DuckDB by name, pyarrow, pandas
  57975-04-05 00:00:00: fastparquet
  SchemaError: polars
2 after booleans
  True: deltalake's append, deltalake's append with schema_mode, DuckDB's insert, DuckDB, fastparquet, pyarrow, pandas
  DeltaError: deltalake's merge
  ValueError: pyiceberg's append
  2: DuckDB by name
  SchemaError: polars
3000000000 after 32 bits
  Exception: deltalake's append, deltalake's append with schema_mode, deltalake's merge
  ValueError: pyiceberg's append
  ConversionException: DuckDB's insert, DuckDB
  3000000000: DuckDB by name
  -1294967296: fastparquet
  ArrowInvalid: pyarrow, pandas
  SchemaError: polars
300 after 8 bits
  Exception: deltalake's append, deltalake's append with schema_mode, deltalake's merge
  ValueError: pyiceberg's append
  ConversionException: DuckDB's insert, DuckDB
  300: DuckDB by name
  44: fastparquet
  ArrowInvalid: pyarrow, pandas
  SchemaError: polars
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import os
import sys
from contextlib import redirect_stdout
from datetime import date, datetime
from decimal import Decimal
from itertools import count

import duckdb
import pandas
import polars
import pyarrow
from deltalake import DeltaTable, write_deltalake
from pyarrow import dataset, parquet
from pyiceberg.catalog.sql import SqlCatalog

number = count()
os.mkdir("iceberg")
catalog = SqlCatalog("here", uri="sqlite:///catalog.db", warehouse=f"file://{os.getcwd()}/iceberg")
catalog.create_namespace("marks")
noon = datetime(2026, 1, 2, 12)
CASES = {
    "0.75 after whole numbers": (pyarrow.array([1]), pyarrow.array([0.75])),
    "1.105 after decimals of two places": (
        pyarrow.array([Decimal("1.10")], pyarrow.decimal128(9, 2)),
        pyarrow.array([Decimal("1.105")], pyarrow.decimal128(9, 3)),
    ),
    "noon after days": (pyarrow.array([date(2026, 1, 1)]), pyarrow.array([noon])),
    "noon in microseconds after milliseconds": (
        pyarrow.array([noon], pyarrow.timestamp("ms")),
        pyarrow.array([noon], pyarrow.timestamp("us")),
    ),
    "2 after booleans": (pyarrow.array([True]), pyarrow.array([2])),
    "3000000000 after 32 bits": (pyarrow.array([1], pyarrow.int32()), pyarrow.array([3_000_000_000])),
    "300 after 8 bits": (pyarrow.array([1], pyarrow.uint8()), pyarrow.array([300])),
}


def delta(first, second, mode=None):
    folder = f"delta-{next(number)}"
    write_deltalake(folder, first)
    if mode == "merge":
        merge = DeltaTable(folder).merge(second, "new.batch = old.batch", "new", "old")
        merge.when_not_matched_insert_all().execute()
    else:
        write_deltalake(folder, second, mode="append", schema_mode=mode and "merge")
    return DeltaTable(folder).to_pyarrow_table()


def iceberg(first, second):
    table = catalog.create_table(f"marks.t{next(number)}", first.schema)
    table.append(first)
    table.append(second)
    return table.scan().to_arrow()


def database(*_):
    with duckdb.connect() as own:
        own.sql("CREATE TABLE rows AS SELECT * FROM 'a.parquet'")
        own.sql("INSERT INTO rows SELECT * FROM 'b.parquet'")
        return own.sql("SELECT * FROM rows").to_arrow_table()


def fast(*_):
    return pandas.read_parquet(["a.parquet", "b.parquet"], engine="fastparquet")


WAYS = {
    "deltalake's append": delta,
    "deltalake's append with schema_mode": lambda first, second: delta(first, second, "widen"),
    "deltalake's merge": lambda first, second: delta(first, second, "merge"),
    "pyiceberg's append": iceberg,
    "DuckDB's insert": database,
    "DuckDB": lambda *_: duckdb.sql("FROM '*.parquet'").to_arrow_table(),
    "DuckDB by name": lambda *_: duckdb.sql("FROM read_parquet('*.parquet', union_by_name=True)").to_arrow_table(),
    "fastparquet": fast,
    "pyarrow": lambda *_: dataset.dataset(["a.parquet", "b.parquet"]).to_table(),
    "pandas": lambda *_: pandas.read_parquet(["a.parquet", "b.parquet"]),
    "polars": lambda *_: polars.scan_parquet("*.parquet").collect().to_arrow(),
}
for title, columns in CASES.items():
    tables = [pyarrow.table({"batch": [batch], "x": column}) for batch, column in enumerate(columns)]
    parquet.write_table(tables[0], "a.parquet")
    parquet.write_table(tables[1], "b.parquet")
    seen = {}
    for way, read in WAYS.items():
        try:
            with redirect_stdout(sys.stderr):
                found = read(*tables)
        except Exception as error:
            seen.setdefault(type(error).__name__, []).append(way)
            continue
        if not isinstance(found, pandas.DataFrame):
            found = {name: pandas.Series(found[name].to_pylist(), dtype=object) for name in found.column_names}
        seen.setdefault(str(found["x"][found["batch"] == 1].iloc[0]), []).append(way)
    print(title)
    for value, ways in seen.items():
        print(f"  {value}: {', '.join(ways)}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what becomes of values that are of another type than those before."
