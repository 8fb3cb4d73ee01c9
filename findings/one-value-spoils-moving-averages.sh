#!/usr/bin/env bash
# Of DataFusion 55.0.0, and of deltalake 1.6.6's QueryBuilder, one NaN or huge value makes all later moving averages, sums and deviations wrong.
#
# What leaves a window is subtracted from what was in it. NaN and infinity are never gone again: each later row is NaN. Of a
# fill value as 9.97e36, which formats for measurements write for a missing one, the rest of what was added is lost, and
# averages begin anew from 0, among them negative ones of positive values; a variance is negative, a deviation NaN, and
# after a step from 0.1 to a million one of equal values is not 0. Daft 0.7.26's Window does the same to sums and averages with
# infinity and large values. Min, max and median are right, and so are DuckDB and polars with all of it. By PARTITION BY the
# next partition is right again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check datafusion==55.0.0 deltalake==1.6.6 daft==0.7.26 \
    duckdb==2.0.1 polars==2.1.0 pyarrow==25.0.1

cat > "$folder/expected.txt" <<'TEXT'
avg of each value and the one before, of 1, NaN, 2, 3, 4, 5
  DuckDB: 1, NaN, NaN, 2.5, 3.5, 4.5
  polars: none, NaN, NaN, 2.5, 3.5, 4.5
  DataFusion: 1, NaN, NaN, NaN, NaN, NaN
  deltalake: 1, NaN, NaN, NaN, NaN, NaN
  Daft: 1, NaN, NaN, 2.5, 3.5, 4.5
avg of each value and the one before, of 1, infinity, 2, 3, 4, 5
  DuckDB: 1, inf, inf, 2.5, 3.5, 4.5
  polars: none, inf, inf, 2.5, 3.5, 4.5
  DataFusion: 1, inf, inf, NaN, NaN, NaN
  deltalake: 1, inf, inf, NaN, NaN, NaN
  Daft: 1, inf, inf, NaN, NaN, NaN
avg of each value and the one before, of 5, a fill value, 4, 3, 2, 1
  DuckDB: 5, 4.98e+36, 4.98e+36, 3.5, 2.5, 1.5
  polars: none, 4.98e+36, 4.98e+36, 3.5, 2.5, 1.5
  DataFusion: 5, 4.98e+36, 4.98e+36, 0, -1, -2
  deltalake: 5, 4.98e+36, 4.98e+36, 0, -1, -2
  Daft: 5, 4.98e+36, 4.98e+36, 1.5, 0.5, -0.5
sum of each value and the one before, of 5, a fill value, 4, 3, 2, 1
  DuckDB: 5, 9.97e+36, 9.97e+36, 7, 5, 3
  polars: none, 9.97e+36, 9.97e+36, 7, 5, 3
  DataFusion: 5, 9.97e+36, 9.97e+36, 0, -2, -4
  deltalake: 5, 9.97e+36, 9.97e+36, 0, -2, -4
  Daft: 5, 9.97e+36, 9.97e+36, 3, 1, -1
stddev of each value and the one before, of 0.1, a million, 0.1, 0.1, 0.1, 0.1
  DuckDB: none, 7.07e+05, 7.07e+05, 0, 0, 0
  polars: none, 7.07e+05, 7.07e+05, 0, 0, 0
  DataFusion: none, 7.07e+05, 7.07e+05, 0.011, 0.011, 0.011
  deltalake: none, 7.07e+05, 7.07e+05, 0.011, 0.011, 0.011
  Daft: none, 7.07e+05, 7.07e+05, 0, 0, 0
max of each value and the one before, of 5, a fill value, 4, 3, 2, 1
  DuckDB: 5, 9.97e+36, 9.97e+36, 4, 3, 2
  polars: none, 9.97e+36, 9.97e+36, 4, 3, 2
  DataFusion: 5, 9.97e+36, 9.97e+36, 4, 3, 2
  deltalake: 5, 9.97e+36, 9.97e+36, 4, 3, 2
  Daft: 5, 9.97e+36, 9.97e+36, 4, 3, 2
DataFusion's var_pop of 1, 1e17, 2, 3, 4, 5: 0, 2.5e+33, 2.5e+33, 0, -3, -6
DataFusion's avg with PARTITION BY, of 1, NaN, 2, 3 and of 4, 5: 1, NaN, NaN, NaN; 4, 4.5
TEXT
(cd "$folder" && HOME="$folder" DAFT_ANALYTICS_ENABLED=0 DO_NOT_TRACK=true venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import math
from itertools import count

import daft
import datafusion
import duckdb
import polars
import pyarrow
from daft import Window, col
from deltalake import DeltaTable, QueryBuilder, write_deltalake

FILL = 9.969209968386869e36
ROWS = "ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"
number = count()


def write(values):
    def one(value):
        return "none" if value is None else "NaN" if math.isnan(value) else f"{value:.3g}"

    # 3 digits; what is left of a sum of 0 is told as 0
    return ", ".join(one(0.0 if value is not None and abs(value) < 1e-9 else value) for value in values)


def by_datafusion(table, query):
    context = datafusion.SessionContext()
    context.from_arrow(table, name="given")
    return [row["v"] for row in context.sql(query).to_pylist()]


def by_deltalake(table, query):
    folder = f"table-{next(number)}"
    write_deltalake(folder, table)
    found = QueryBuilder().register("given", DeltaTable(folder)).execute(query).read_all()
    return pyarrow.table(found)["v"].to_pylist()


def by_duckdb(table, query):
    with duckdb.connect() as database:
        database.register("given", table)
        return [value for (value,) in database.sql(query).fetchall()]


def by_daft(table, function):
    window = Window().partition_by("k").order_by("n").rows_between(-1, Window.current_row)
    value = getattr(col("f"), {"avg": "mean"}.get(function, function))().over(window).alias("v")
    return daft.from_arrow(table).select("n", value).sort("n").to_pydict()["v"]


def by_polars(table, function):
    name = {"avg": "mean", "stddev": "std"}.get(function, function)
    return getattr(polars.from_arrow(table)["f"], f"rolling_{name}")(2).to_list()


def make(values):
    return pyarrow.table({"n": list(range(len(values))), "f": values, "k": ["a"] * len(values)})


SERIES = {
    "1, NaN, 2, 3, 4, 5": [1.0, math.nan, 2.0, 3.0, 4.0, 5.0],
    "1, infinity, 2, 3, 4, 5": [1.0, math.inf, 2.0, 3.0, 4.0, 5.0],
    "5, a fill value, 4, 3, 2, 1": [5.0, FILL, 4.0, 3.0, 2.0, 1.0],
    "0.1, a million, 0.1, 0.1, 0.1, 0.1": [0.1, 1e6, 0.1, 0.1, 0.1, 0.1],
}
nan, infinity, fill, step = SERIES
for function, title in ("avg", nan), ("avg", infinity), ("avg", fill), ("sum", fill), ("stddev", step), ("max", fill):
    print(f"{function} of each value and the one before, of {title}")
    table = make(SERIES[title])
    query = f"SELECT {function}(f) OVER ({ROWS}) AS v FROM given ORDER BY n"
    print(f"  DuckDB: {write(by_duckdb(table, query))}")
    print(f"  polars: {write(by_polars(table, function))}")
    print(f"  DataFusion: {write(by_datafusion(table, query))}")
    print(f"  deltalake: {write(by_deltalake(table, query))}")
    print(f"  Daft: {write(by_daft(table, function))}")
variance = by_datafusion(make([1.0, 1e17, 2.0, 3.0, 4.0, 5.0]), f"SELECT var_pop(f) OVER ({ROWS}) AS v FROM given ORDER BY n")
print(f"DataFusion's var_pop of 1, 1e17, 2, 3, 4, 5: {write(variance)}")
two = make([1.0, math.nan, 2.0, 3.0, 4.0, 5.0]).set_column(2, "k", [["a"] * 4 + ["b"] * 2])
found = by_datafusion(two, f"SELECT avg(f) OVER (PARTITION BY k {ROWS}) AS v FROM given ORDER BY n")
print(f"DataFusion's avg with PARTITION BY, of 1, NaN, 2, 3 and of 4, 5: {write(found[:4])}; {write(found[4:])}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what one value does to those after it."
