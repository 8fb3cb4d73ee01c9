#!/usr/bin/env bash
# One expression of ibis 12.0.0 has other answers by DuckDB, Polars, DataFusion and SQLite: which row is the newest, who is not in a list, what a count of values is.
#
# Without a connection ibis asks DuckDB, so that a test may ask another one than the nightly run. DataFusion takes no notice of
# the order before `distinct(on=..., keep="first")`: the oldest row of each shop stays. It fills quarters of six rows with 2, 1,
# 2 and 1, and of a list of cities it keeps the row without one. Polars counts an empty value as one more, measures texts in
# bytes, rounds halves to the even number, and has remainders above 0. A cast to whole numbers rounds by DuckDB and cuts by the
# others. SQLite rounds nothing to tens. What is not in a column that has an empty value is no row by DuckDB and SQLite, each row
# with a value by Polars, and all by DataFusion; an anti join is the same by all. Nothing is raised or warned of. The versions
# are those of ibis's own time: DuckDB 2.0.1 and sqlglot 30.31.0 fail with it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "ibis-framework[duckdb,polars,sqlite,datafusion]==12.0.0" \
    duckdb==1.4.4 polars==1.38.1 datafusion==51.0.0 sqlglot==28.10.1 pandas==2.3.3 numpy==2.4.6 pyarrow==26.0.1

cat > "$folder/expected.txt" <<'TEXT'
the newest row of each shop, order_by(id.desc()).distinct(on="shop", keep="first")
  duckdb: 3, 6
  polars: 3, 6
  datafusion: 1, 4
  sqlite: 3, 6
rows whose city is not in a list of Bonn and an empty value, ~city.isin(closed.city)
  duckdb: none
  polars: 1, 3, 5, 6
  datafusion: 1, 3, 4, 5, 6
  sqlite: none
rows whose city is not in a list of Bonn
  duckdb: 1, 3, 5, 6
  polars: 1, 3, 5, 6
  datafusion: 1, 3, 4, 5, 6
  sqlite: 1, 3, 5, 6
rows by anti_join(closed, "city"), with the empty value
  duckdb: 1, 3, 4, 5, 6
  polars: 1, 3, 4, 5, 6
  datafusion: 1, 3, 4, 5, 6
  sqlite: 1, 3, 4, 5, 6
cities of shop b, which has Ulm twice and an empty value, nunique()
  duckdb: 1
  polars: 2
  datafusion: 1
  sqlite: 1
mean of sold.cast("int64")
  duckdb: 2.6
  polars: 2.0
  datafusion: 2.0
  sqlite: 2.0
sold.round(), of 2.5, 3.5, 4.7, 0.5, nothing and 1.5
  duckdb: 3, 4, 5, 1, None, 2
  polars: 2, 4, 5, 0, None, 2
  datafusion: 3, 4, 5, 1, None, 2
  sqlite: 3, 4, 5, 1, None, 2
cents.round(-1), of 17, 25, 38, 42, 5 and 99
  duckdb: 20, 30, 40, 40, 10, 100
  polars: OverflowError
  datafusion: 20, 30, 40, 40, 10, 100
  sqlite: 17, 25, 38, 42, 5, 99
change % 7, of -7, 7, -1, 1, 0 and -3
  duckdb: 0, 0, -1, 1, 0, -3
  polars: 0, 0, 6, 1, 0, 4
  datafusion: 0, 0, -1, 1, 0, -3
  sqlite: 0, 0, -1, 1, 0, -3
city.length(), of Köln, Bonn, Köln, nothing, Ulm and Ulm
  duckdb: 4, 4, 4, None, 3, 3
  polars: 5, 4, 5, None, 3, 3
  datafusion: 4, 4, 4, None, 3, 3
  sqlite: 4, 4, 4, None, 3, 3
quarters of six rows, ntile(4)
  duckdb: 0, 0, 1, 1, 2, 3
  polars: OperationNotDefinedError
  datafusion: 0, 0, 1, 2, 2, 3
  sqlite: 0, 0, 1, 1, 2, 3
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import ibis
import pyarrow

rows = pyarrow.table(
    {
        "id": [1, 2, 3, 4, 5, 6],
        "shop": ["a", "a", "a", "b", "b", "b"],
        "city": ["Köln", "Bonn", "Köln", None, "Ulm", "Ulm"],
        "sold": [2.5, 3.5, 4.7, 0.5, None, 1.5],
        "cents": [17, 25, 38, 42, 5, 99],
        "change": [-7, 7, -1, 1, 0, -3],
    }
)
tables = {}
for name in "duckdb", "polars", "datafusion", "sqlite":
    backend = getattr(ibis, name).connect()
    backend.create_table("sales", rows)
    backend.create_table("closed", pyarrow.table({"city": ["Bonn", None]}))
    tables[name] = backend.table("sales"), backend.table("closed")


def tell(title, ask):
    print(title)
    for name, (sales, closed) in tables.items():
        try:
            print(f"  {name}: {ask(sales, closed)}")
        except (OverflowError, ibis.common.exceptions.OperationNotDefinedError) as error:
            print(f"  {name}: {type(error).__name__}")


def write(values):
    """The values, a float that is a whole number without its point."""
    return ", ".join(str(int(value) if isinstance(value, float) and value.is_integer() else value) for value in values) or "none"


def found(make):
    return lambda sales, closed: write(sorted(make(sales, closed).to_pyarrow()["id"].to_pylist()))


def column(make):
    return lambda sales, _: write(sales.select("id", found=make(sales)).order_by("id").to_pyarrow()["found"].to_pylist())


def newest(sales, _):
    return sales.order_by(sales.id.desc()).distinct(on="shop", keep="first")


tell('the newest row of each shop, order_by(id.desc()).distinct(on="shop", keep="first")', found(newest))
tell(
    "rows whose city is not in a list of Bonn and an empty value, ~city.isin(closed.city)",
    found(lambda sales, closed: sales.filter(~sales.city.isin(closed.city))),
)
tell(
    "rows whose city is not in a list of Bonn",
    found(lambda sales, closed: sales.filter(~sales.city.isin(closed.filter(closed.city.notnull()).city))),
)
tell('rows by anti_join(closed, "city"), with the empty value', found(lambda sales, closed: sales.anti_join(closed, "city")))
tell(
    "cities of shop b, which has Ulm twice and an empty value, nunique()",
    lambda sales, _: sales.filter(sales.shop == "b").city.nunique().to_pyarrow().as_py(),
)
tell('mean of sold.cast("int64")', lambda sales, _: sales.sold.cast("int64").mean().to_pyarrow().as_py())
tell("sold.round(), of 2.5, 3.5, 4.7, 0.5, nothing and 1.5", column(lambda sales: sales.sold.round()))
tell("cents.round(-1), of 17, 25, 38, 42, 5 and 99", column(lambda sales: sales.cents.round(-1)))
tell("change % 7, of -7, 7, -1, 1, 0 and -3", column(lambda sales: sales.change % 7))
tell("city.length(), of Köln, Bonn, Köln, nothing, Ulm and Ulm", column(lambda sales: sales.city.length()))
tell("quarters of six rows, ntile(4)", column(lambda sales: ibis.ntile(4).over(order_by=sales.id)))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which backend of ibis answers what."
