#!/usr/bin/env bash
# A mean or a share of decimals keeps their few places: of 1, 1 and 0 pandas 3.1.1 and pyarrow 26.0.1 have a mean of 1, polars 2.1.0 shares of 0.
#
# A number with a point in DuckDB 2.0.1's SQL is a decimal of as many places as were written, so that `CASE … THEN 1.0 ELSE 0.0
# END` makes a Parquet file of one place; a database's NUMERIC(1, 0) makes one of none. pandas computes a mean of it to that
# place if it was read with dtype_backend="pyarrow", alone, by group and in a pivot table, and fills gaps by it; as the
# median it answers a float. polars has a float as the mean, but fills gaps by that cut off, and divides to that place, also
# by a number of Python's; times such a number is a float. DuckDB itself, and pandas without Arrow's types, round neither. A
# cast to a float helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1 polars==2.1.0 \
    duckdb==2.0.1

cat > "$folder/expected.txt" <<'TEXT'
CASE WHEN … THEN 1.0 ELSE 0.0 END, in Parquet a decimal128(2, 1): 1 1 0
  the mean: DuckDB 0.6667, pandas 0.6667, pandas with Arrow's types 0.7, the same by day 0.7, the same in a pivot table 0.7, a gap that it fills 0.7, pyarrow 0.7, pyarrow by day 0.7, polars 0.6667, polars by day 0.6667, a gap that polars fills 0.6
  the shares: DuckDB 0.5 0.5 0, pandas 0.5 0.5 0, pandas with Arrow's types 0.5 0.5 0, polars 0.5 0.5 0
  polars: mark / 4 0.2 0.2 0, mark * 0.25 0.25 0.25 0, mark.clip(0, 0.25) 0.2 0.2 0
CASE WHEN … THEN 1::NUMERIC(1, 0) ELSE 0::NUMERIC(1, 0) END, in Parquet a decimal128(1, 0): 1 1 0
  the mean: DuckDB 0.6667, pandas 0.6667, pandas with Arrow's types 1, the same by day 1, the same in a pivot table 1, a gap that it fills 1, pyarrow 1, pyarrow by day 1, polars 0.6667, polars by day 0.6667, a gap that polars fills 0
  the shares: DuckDB 0.5 0.5 0, pandas 0.5 0.5 0, pandas with Arrow's types 0.5 0.5 0, polars 0 0 0
  polars: mark / 4 0 0 0, mark * 0.25 0.25 0.25 0, mark.clip(0, 0.25) 0 0 0
CASE WHEN … THEN 1::DOUBLE ELSE 0::DOUBLE END, in Parquet a double: 1 1 0
  the mean: DuckDB 0.6667, pandas 0.6667, pandas with Arrow's types 0.6667, the same by day 0.6667, the same in a pivot table 0.6667, a gap that it fills 0.6667, pyarrow 0.6667, pyarrow by day 0.6667, polars 0.6667, polars by day 0.6667, a gap that polars fills 0.6667
  the shares: DuckDB 0.5 0.5 0, pandas 0.5 0.5 0, pandas with Arrow's types 0.5 0.5 0, polars 0.5 0.5 0
  polars: mark / 4 0.25 0.25 0, mark * 0.25 0.25 0.25 0, mark.clip(0, 0.25) 0.25 0.25 0
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import duckdb
import pandas
import polars
from pyarrow import compute, parquet

MARKS = {"1.0": "0.0", "1::NUMERIC(1, 0)": "0::NUMERIC(1, 0)", "1::DOUBLE": "0::DOUBLE"}


def write(values):
    return " ".join(f"{float(value):.4g}" for value in values)


for yes, no in MARKS.items():
    sql = f"SELECT 1 AS day, CASE WHEN id < 3 THEN {yes} ELSE {no} END AS mark FROM range(1, 4) AS rows(id) ORDER BY id"
    duckdb.sql(sql).write_parquet("marks.parquet")
    table = parquet.read_table("marks.parquet")
    arrow = pandas.read_parquet("marks.parquet", dtype_backend="pyarrow")
    plain = pandas.read_parquet("marks.parquet")
    frame = polars.read_parquet("marks.parquet")
    mark = polars.col("mark")
    gap = pandas.concat([arrow, pandas.DataFrame({"day": [1], "mark": [None]}).astype(arrow.dtypes)])
    print(f"CASE WHEN … THEN {yes} ELSE {no} END, in Parquet a {table['mark'].type}: {write(table['mark'].to_pylist())}")
    means = {
        "DuckDB": duckdb.sql("SELECT avg(mark) FROM 'marks.parquet'").fetchall()[0],
        "pandas": [plain["mark"].mean()],
        "pandas with Arrow's types": [arrow["mark"].mean()],
        "the same by day": arrow.groupby("day")["mark"].mean(),
        "the same in a pivot table": arrow.pivot_table("mark", index="day", aggfunc="mean")["mark"],
        "a gap that it fills": gap["mark"].fillna(gap["mark"].mean())[-1:],
        "pyarrow": [compute.mean(table["mark"]).as_py()],
        "pyarrow by day": table.group_by("day").aggregate([("mark", "mean")])["mark_mean"].to_pylist(),
        "polars": [frame["mark"].mean()],
        "polars by day": frame.group_by("day").agg(mark.mean())["mark"],
        "a gap that polars fills": frame.select(mark.append(polars.lit(None)).fill_null(strategy="mean"))["mark"][-1:],
    }
    print("  the mean: " + ", ".join(f"{name} {write(found)}" for name, found in means.items()))
    shares = {
        "DuckDB": [share for (share,) in duckdb.sql("SELECT mark / sum(mark) OVER () FROM 'marks.parquet'").fetchall()],
        "pandas": plain["mark"] / plain["mark"].sum(),
        "pandas with Arrow's types": arrow["mark"] / arrow["mark"].sum(),
        "polars": frame.select(mark / mark.sum())["mark"],
    }
    print("  the shares: " + ", ".join(f"{name} {write(found)}" for name, found in shares.items()))
    parts = {"mark / 4": mark / 4, "mark * 0.25": mark * 0.25, "mark.clip(0, 0.25)": mark.clip(0, 0.25)}
    print("  polars: " + ", ".join(f"{name} {write(frame.select(part)['mark'])}" for name, part in parts.items()))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what means and shares of decimals are rounded to."
