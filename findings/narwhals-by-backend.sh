#!/usr/bin/env bash
# By narwhals 2.29.0 the median of 1 and 9 is 5, and 1 in a group of a table of pyarrow 26.0.1; unpivot loses each row without a value in DuckDB 2.0.1.
#
# A median of all rows is right with pyarrow; that of a group, by group_by or over, is pyarrow's approximate one, which is the lower
# one of two values. unpivot is DuckDB's UNPIVOT, which leaves out nulls: shops of which nothing is known are gone, and so are
# months. Of no rows there, how many others and how many missing ones there are is null instead of 0. pyarrow and
# DuckDB round halves up, polars 2.1.0 and pandas 3.1.1, which agree in all of it, to even numbers. Nothing is raised.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check narwhals==2.29.0 polars==2.1.0 pandas==3.1.1 \
    numpy==2.4.6 pyarrow==26.0.1 duckdb==2.0.1

cat > "$folder/expected.txt" <<'TEXT'
medians of a: 1, 9 and b: 1, 2, 8, 9, by group_by
  polars, pandas, duckdb: a 5.0, b 5.0
  pyarrow: a 1.0, b 5.0
the same, by over
  polars, pandas, duckdb: a 5.0, b 5.0
  pyarrow: a 1.0, b 5.0
the median of all
  polars, pandas, pyarrow, duckdb: 5.0
unpivot of months in which a sold 1 and 4, c 3, and b nothing known
  polars, pandas, pyarrow: a june 4, a may 1, b june -, b may -, c june -, c may 3
  duckdb: a june 4, a may 1, c may 3
how many prices there are of no rows, how many others, how many are missing
  polars, pandas, pyarrow: 0 0 0
  duckdb: 0 - -
0.5, 1.5 and 2.5, rounded
  polars, pandas: 0.0, 2.0, 2.0
  pyarrow, duckdb: 1.0, 2.0, 3.0
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import duckdb
import narwhals
import pandas
import polars
import pyarrow
from narwhals import col

table = pyarrow.table({"shop": ["a", "a", "b", "b", "b", "b"], "price": [1, 9, 1, 2, 8, 9], "share": [0.5, 1.5, 2.5, 3.0, 3.0, 3.0]})
sold = pyarrow.table({"shop": ["a", "b", "c"], "may": [1, None, 3], "june": [4, None, None]})
BACKENDS = {
    "polars": polars.from_arrow,
    "pandas": lambda given: given.to_pandas(types_mapper=pandas.ArrowDtype),
    "pyarrow": lambda given: given,
    "duckdb": lambda given: duckdb.sql("SELECT * FROM given"),
}


def tell(title, given, ask):
    found = {}
    for backend, make in BACKENDS.items():
        answer = ask(narwhals.from_native(make(given)).lazy()).collect("polars").rows()
        text = ", ".join(" ".join("-" if value is None else f"{value}" for value in row) for row in answer)
        found.setdefault(text, []).append(backend)
    print(title)
    for text, backends in found.items():
        print(f"  {', '.join(backends)}: {text}")


price = col("price")
tell("medians of a: 1, 9 and b: 1, 2, 8, 9, by group_by", table, lambda rows: rows.group_by("shop").agg(price.median()).sort("shop"))
over = price.median().over("shop")
tell("the same, by over", table, lambda rows: rows.select("shop", over).unique().sort("shop"))
tell("the median of all", table, lambda rows: rows.select(price.median()))
tell(
    "unpivot of months in which a sold 1 and 4, c 3, and b nothing known",
    sold,
    lambda rows: rows.unpivot(on=["may", "june"], index="shop").sort("shop", "variable"),
)
tell(
    "how many prices there are of no rows, how many others, how many are missing",
    table,
    lambda rows: rows.filter(price > 100).select(price.count(), others=price.n_unique(), missing=price.null_count()),
)
tell("0.5, 1.5 and 2.5, rounded", table, lambda rows: rows.select(col("share").round()).head(3))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what narwhals answers by which backend."
