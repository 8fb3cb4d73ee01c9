#!/usr/bin/env bash
# `not in` finds rows without a value where `!=` finds none: in pyarrow 26.0.1, and in pandas, deltalake, polars and pyiceberg by way of it.
#
# pyarrow looks a missing value up in the list as any other, and turns the answer round. So pandas 3.1.1 and deltalake 1.6.6
# give other rows for filters=[("x", "not in", ["a"])] than for [("x", "!=", "a")]; polars 2.1.0 gives other rows of a
# pyarrow data set than of the same file; and pyiceberg 0.12.0, which makes `!=` of a list of one, gives a scan more rows
# with a second, unused name in the list. Its delete by the same condition leaves those rows, as each delete of deltalake
# does. SQL, in DuckDB 2.0.1, deltalake and polars, never finds them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1 polars==2.1.0 \
    duckdb==2.0.1 deltalake==1.6.6 "pyiceberg[sql-sqlite]==0.12.0" sqlalchemy==2.1.9

cat > "$folder/expected.txt" <<'TEXT'
rows of "good", "bad" and none
pandas.read_parquet: != "bad" finds good; not in ["bad"] finds good, none; not in ["bad", "odd"] finds good, none
deltalake's to_pandas: != "bad" finds good; not in ["bad"] finds good, none; not in ["bad", "odd"] finds good, none
pyiceberg's scan: != "bad" finds good; not in ["bad"] finds good; not in ["bad", "odd"] finds good, none
polars, of a pyarrow data set: != "bad" finds good; not in ["bad"] finds good, none; not in ["bad", "odd"] finds good, none
polars, of the file: != "bad" finds good; not in ["bad"] finds good; not in ["bad", "odd"] finds good
SQL of DuckDB: != "bad" finds good; not in ["bad"] finds good; not in ["bad", "odd"] finds good
SQL of deltalake: != "bad" finds good; not in ["bad"] finds good; not in ["bad", "odd"] finds good
SQL of polars: != "bad" finds good; not in ["bad"] finds good; not in ["bad", "odd"] finds good
after pyiceberg's delete: != "bad" leaves bad, none; not in ["bad"] leaves bad, none; not in ["bad", "odd"] leaves bad, none
after deltalake's delete: != "bad" leaves bad, none; not in ["bad"] leaves bad, none; not in ["bad", "odd"] leaves bad, none
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import os
from itertools import count

import duckdb
import pandas
import polars
import pyarrow
from deltalake import DeltaTable, QueryBuilder, write_deltalake
from pyarrow import dataset, parquet
from pyiceberg.catalog.sql import SqlCatalog

rows = pyarrow.table({"mark": ["good", "bad", None]})
parquet.write_table(rows, "rows.parquet")
os.mkdir("iceberg")
catalog = SqlCatalog("here", uri="sqlite:///catalog.db", warehouse=f"file://{os.getcwd()}/iceberg")
catalog.create_namespace("marks")
number = count()

CONDITIONS = {
    '!= "bad"': ("mark != 'bad'", [("mark", "!=", "bad")], polars.col("mark") != "bad"),
    'not in ["bad"]': ("mark not in ('bad')", [("mark", "not in", ["bad"])], ~polars.col("mark").is_in(["bad"])),
    'not in ["bad", "odd"]': (
        "mark not in ('bad', 'odd')",
        [("mark", "not in", ["bad", "odd"])],
        ~polars.col("mark").is_in(["bad", "odd"]),
    ),
}


def tell(title, find, verb="finds"):
    """find: of a condition as SQL, as pyarrow's filters and as polars' expression, gives a table with the column."""
    said = []
    for name, condition in CONDITIONS.items():
        marks = pyarrow.table(find(*condition))["mark"].to_pylist()
        said.append(f"{name} {verb} {', '.join(mark or 'none' for mark in marks)}")
    print(f"{title}: {'; '.join(said)}")


def delta():
    folder = f"delta-{next(number)}"
    write_deltalake(folder, rows)
    return DeltaTable(folder)


def iceberg():
    table = catalog.create_table(f"marks.t{next(number)}", rows.schema)
    table.append(rows)
    return table


def after_delete(make, read):
    def left(sql, *_):
        table = make()
        table.delete(sql)
        return read(table)

    return left


def ask_delta(sql, *_):
    return QueryBuilder().register("rows", delta()).execute(f"SELECT mark FROM rows WHERE {sql}").read_all()


def ask_polars(sql, *_):
    context = polars.SQLContext(rows=polars.scan_parquet("rows.parquet"))
    return context.execute(f"SELECT mark FROM rows WHERE {sql}").collect().to_arrow()


data = dataset.dataset("rows.parquet")
print('rows of "good", "bad" and none')
tell("pandas.read_parquet", lambda _, filters, __: pyarrow.table(pandas.read_parquet("rows.parquet", filters=filters)))
tell("deltalake's to_pandas", lambda _, filters, __: pyarrow.table(delta().to_pandas(filters=filters)))
tell("pyiceberg's scan", lambda sql, *_: iceberg().scan(row_filter=sql).to_arrow())
tell("polars, of a pyarrow data set", lambda *given: polars.scan_pyarrow_dataset(data).filter(given[2]).collect().to_arrow())
tell("polars, of the file", lambda *given: polars.scan_parquet("rows.parquet").filter(given[2]).collect().to_arrow())
tell("SQL of DuckDB", lambda sql, *_: duckdb.sql(f"SELECT mark FROM 'rows.parquet' WHERE {sql}").to_arrow_table())
tell("SQL of deltalake", ask_delta)
tell("SQL of polars", ask_polars)
tell("after pyiceberg's delete", after_delete(iceberg, lambda table: table.scan().to_arrow()), "leaves")
tell("after deltalake's delete", after_delete(delta, lambda table: table.to_pyarrow_table()), "leaves")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: when a row without a value is not in a list."
