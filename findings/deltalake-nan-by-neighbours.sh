#!/usr/bin/env bash
# Whether `score > 10` finds, or deletes, a row with NaN depends in deltalake 1.6.6 on the other rows of its file; so does what DuckDB 2.0.1 finds.
#
# To both, NaN is larger than any number. A file's largest value, by which files are passed over, leaves NaN out: where all
# numbers of a file are small, nobody looks for NaN in it. One large number in the file, a compaction, or a condition that
# is put into count(*) brings the row back. pyarrow, which deltalake hands its files to, holds NaN to be neither larger nor
# smaller and never finds it; polars 2.1.0 always does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check deltalake==1.6.6 duckdb==2.0.1 polars==2.1.0 \
    pyarrow==26.0.1

cat > "$folder/expected.txt" <<'TEXT'
[1.0, 2.0, nan] deltalake, WHERE score > 10: []
[1.0, 2.0, nan] deltalake, count(*) FILTER (WHERE score > 10): 1
[1.0, 2.0, nan] deltalake, delete("score > 10"): deleted 0
[1.0, 2.0, nan] DuckDB, the same rows as a Parquet file, WHERE score > 10: []
[1.0, 2.0, nan] DuckDB, the same rows in memory, WHERE score > 10: [nan]
[1.0, 2.0, nan] pyarrow, of the Delta table, score > 10: []
[1.0, 2.0, nan] polars, of the Delta table, score > 10: [nan]
[1.0, 20.0, nan] deltalake, WHERE score > 10: [20.0, nan]
[1.0, 20.0, nan] deltalake, count(*) FILTER (WHERE score > 10): 2
[1.0, 20.0, nan] deltalake, delete("score > 10"): deleted 2
[1.0, 20.0, nan] DuckDB, the same rows as a Parquet file, WHERE score > 10: [20.0, nan]
[1.0, 20.0, nan] DuckDB, the same rows in memory, WHERE score > 10: [20.0, nan]
[1.0, 20.0, nan] pyarrow, of the Delta table, score > 10: [20.0]
[1.0, 20.0, nan] polars, of the Delta table, score > 10: [20.0, nan]
files [1.0, 2.0, nan] and [20.0], deltalake, WHERE score > 10: [20.0]
the same after optimize.compact(): [20.0, nan]
TEXT
(cd "$folder" && venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
from math import nan

import duckdb
import polars
import pyarrow
import pyarrow.dataset
from deltalake import DeltaTable, QueryBuilder, write_deltalake
from pyarrow import parquet


def scores(table):
    return sorted(pyarrow.table(table)["score"].to_pylist())


def ask(table, text):
    return QueryBuilder().register("scores", table).execute(text).read_all()


for number, values in enumerate(([1.0, 2.0, nan], [1.0, 20.0, nan])):
    rows = pyarrow.table({"score": values})
    folder, file = f"delta-{number}", f"{number}.parquet"
    write_deltalake(folder, rows)
    parquet.write_table(rows, file)
    table = DeltaTable(folder)
    print(values, "deltalake, WHERE score > 10:", scores(ask(table, "SELECT score FROM scores WHERE score > 10")))
    counted = pyarrow.table(ask(table, "SELECT count(*) FILTER (WHERE score > 10) AS n FROM scores"))["n"][0]
    print(values, "deltalake, count(*) FILTER (WHERE score > 10):", counted)
    of_file = duckdb.sql(f"SELECT score FROM '{file}' WHERE score > 10").to_arrow_table()
    in_memory = duckdb.sql("SELECT score FROM rows WHERE score > 10").to_arrow_table()
    of_pyarrow = table.to_pyarrow_table().filter(pyarrow.dataset.field("score") > 10)
    of_polars = polars.scan_delta(folder).filter(polars.col("score") > 10).collect().to_arrow()
    print(values, 'deltalake, delete("score > 10"): deleted', table.delete("score > 10")["num_deleted_rows"])
    print(values, "DuckDB, the same rows as a Parquet file, WHERE score > 10:", scores(of_file))
    print(values, "DuckDB, the same rows in memory, WHERE score > 10:", scores(in_memory))
    print(values, "pyarrow, of the Delta table, score > 10:", scores(of_pyarrow))
    print(values, "polars, of the Delta table, score > 10:", scores(of_polars))

for values in [1.0, 2.0, nan], [20.0]:
    write_deltalake("two", pyarrow.table({"score": values}), mode="append")
text = "SELECT score FROM scores WHERE score > 10"
print("files [1.0, 2.0, nan] and [20.0], deltalake, WHERE score > 10:", scores(ask(DeltaTable("two"), text)))
DeltaTable("two").optimize.compact()
print("the same after optimize.compact():", scores(ask(DeltaTable("two"), text)))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: when NaN is larger than ten."
