#!/usr/bin/env bash
# Daft 0.7.26 takes 30 days between two dates for 30 seconds, leaves the ORDER BY and LIMIT of some queries out, and answers others unlike DuckDB.
#
# The difference of dates is a number of days with seconds as its unit, also without SQL: total_days of it is 0, and of
# timestamps it is right. Where a column is calculated over a window, after DISTINCT and after UNION ALL the rows are in any
# order; LIMIT then takes any rows, and is lost after a UNION ALL. A condition of CASE (of `when` as well) that is null makes the
# result null instead of what ELSE says; a sum over a window with an order is that of all its rows; weeks begin on Thursdays;
# NOT IN of a subquery takes nulls for values like others. All of it runs without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check daft==0.7.26 duckdb==2.0.1 pyarrow==25.0.1

cat > "$folder/expected.txt" <<'TEXT'
dates, from Monday 1 January to Wednesday 31 January
  DuckDB: 30 days
  Daft's SQL: 30 seconds
  Daft's expressions: 30 seconds, in which there are 0 days
  Daft's expressions, of timestamps: 30 days, in which there are 30 days
scores 1, 3, none: 1 where the score is above 2, else 0
  DuckDB: 0, 1, 0
  Daft's SQL: 0, 1, none
  Daft's when and otherwise: 0, 1, none
the sum of 1, 2, 3 up to each, of one shop
  DuckDB: 1, 3, 6
  Daft's SQL: 6, 6, 6
  Daft's Window: 6, 6, 6
  Daft's Window with rows_between: 1, 3, 6
date_trunc('week', …) of Monday 1 January
  DuckDB: Mon 01 Jan 2024
  Daft's SQL: Thu 28 Dec 2023
rows 1, 2, none that are not in 1, none
  DuckDB: no row
  Daft's SQL: 2, none
1,000 numbers, of which each is there once
  SELECT n FROM many ORDER BY n: DuckDB sorts, Daft sorts
  SELECT DISTINCT n FROM many ORDER BY n: DuckDB sorts, Daft does not sort
  SELECT n FROM many UNION ALL SELECT n FROM many ORDER BY n: DuckDB sorts, Daft does not sort
  SELECT n, row_number() OVER (ORDER BY n DESC) AS place FROM many ORDER BY n: DuckDB sorts, Daft does not sort
  SELECT DISTINCT n FROM many ORDER BY n LIMIT 3: DuckDB the 3 lowest, Daft 3 others
  SELECT n FROM many UNION ALL SELECT n FROM many ORDER BY n LIMIT 3: DuckDB the lowest, Daft all 2000 rows
TEXT
(cd "$folder" && HOME="$folder" DAFT_ANALYTICS_ENABLED=0 DO_NOT_TRACK=true venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import random
from datetime import date, datetime

import daft
import duckdb
import pyarrow
from daft import Window, col, lit
from daft.functions import total_days, when

numbers = list(range(1000))
random.Random(0).shuffle(numbers)
TABLES = {
    "loans": pyarrow.table({"start": [date(2024, 1, 1)], "back": [date(2024, 1, 31)]}),
    "scores": pyarrow.table({"n": [1, 2, 3], "score": [1.0, 3.0, None]}),
    "sales": pyarrow.table({"n": [1, 2, 3], "shop": ["a", "a", "a"]}),
    "times": pyarrow.table({"start": [datetime(2024, 1, 1)], "back": [datetime(2024, 1, 31)]}),
    "given": pyarrow.table({"n": [1, 2, None]}),
    "known": pyarrow.table({"n": [1, None]}),
    "many": pyarrow.table({"n": numbers}),
}
database = duckdb.connect()
for name, table in TABLES.items():
    database.register(name, table)
frames = {name: daft.from_arrow(table) for name, table in TABLES.items()}


def first(table):
    return table.columns[0].to_pylist()


def by_duckdb(query):
    return first(database.sql(query).to_arrow_table())


def by_daft(query):
    return first(daft.sql(query, **frames).to_arrow())


def write(values):
    return ", ".join("none" if value is None else f"{value:g}" for value in values) or "no row"


def length(value):
    return f"{value.days} days" if value.days else f"{value.seconds} seconds"


print("dates, from Monday 1 January to Wednesday 31 January")
between = "SELECT back - start AS days FROM loans"
print(f"  DuckDB: {by_duckdb(between)[0]} days")
print(f"  Daft's SQL: {length(by_daft(between)[0])}")
for title, name in ("Daft's expressions", "loans"), ("Daft's expressions, of timestamps", "times"):
    apart = col("back") - col("start")
    found = frames[name].select(apart.alias("apart"), total_days(apart).alias("days")).to_pydict()
    print(f"  {title}: {length(found['apart'][0])}, in which there are {found['days'][0]} days")

print("scores 1, 3, none: 1 where the score is above 2, else 0")
above = "SELECT CASE WHEN score > 2 THEN 1 ELSE 0 END AS above FROM scores"
print(f"  DuckDB: {write(by_duckdb(above))}")
print(f"  Daft's SQL: {write(by_daft(above))}")
chosen = when(col("score") > 2, lit(1)).otherwise(lit(0))
print(f"  Daft's when and otherwise: {write(first(frames['scores'].select(chosen.alias('above')).to_arrow()))}")

print("the sum of 1, 2, 3 up to each, of one shop")
running = "SELECT sum(n) OVER (PARTITION BY shop ORDER BY n) AS sum FROM sales"
print(f"  DuckDB: {write(by_duckdb(running))}")
print(f"  Daft's SQL: {write(by_daft(running))}")
window = Window().partition_by("shop").order_by("n")
rows = window.rows_between(Window.unbounded_preceding, Window.current_row)
for title, over in ("Daft's Window", window), ("Daft's Window with rows_between", rows):
    print(f"  {title}: {write(first(frames['sales'].select(col('n').sum().over(over).alias('sum')).to_arrow()))}")

print("date_trunc('week', …) of Monday 1 January")
week = "SELECT date_trunc('week', start) AS week FROM times"
print(f"  DuckDB: {by_duckdb(week)[0]:%a %d %b %Y}")
print(f"  Daft's SQL: {by_daft(week)[0]:%a %d %b %Y}")

print("rows 1, 2, none that are not in 1, none")
missing = "SELECT n FROM given WHERE n NOT IN (SELECT n FROM known)"
print(f"  DuckDB: {write(by_duckdb(missing))}")
print(f"  Daft's SQL: {write(by_daft(missing))}")

print("1,000 numbers, of which each is there once")
twice = "SELECT n FROM many UNION ALL SELECT n FROM many ORDER BY n"
distinct = "SELECT DISTINCT n FROM many ORDER BY n"
place = "SELECT n, row_number() OVER (ORDER BY n DESC) AS place FROM many ORDER BY n"
for query in "SELECT n FROM many ORDER BY n", distinct, twice, place:
    told = []
    for name, run in ("DuckDB", by_duckdb), ("Daft", by_daft):
        found = run(query)
        assert set(found) == set(numbers)
        told.append(f"{name} {'sorts' if found == sorted(found) else 'does not sort'}")
    print(f"  {query}: {', '.join(told)}")
assert by_duckdb(f"{distinct} LIMIT 3") == [0, 1, 2]
found = by_daft(f"{distinct} LIMIT 3")
print(f"  {distinct} LIMIT 3: DuckDB the 3 lowest, Daft", "the 3 lowest" if found == [0, 1, 2] else f"{len(found)} others")
assert by_duckdb(f"{twice} LIMIT 3") == [0, 0, 1]
found = by_daft(f"{twice} LIMIT 3")
print(f"  {twice} LIMIT 3: DuckDB the lowest, Daft", "the lowest" if found == [0, 0, 1] else f"all {len(found)} rows")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what Daft answers otherwise."
