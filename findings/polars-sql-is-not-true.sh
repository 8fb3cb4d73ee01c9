#!/usr/bin/env bash
# In the SQL of polars 2.1.0 a row without a value is neither `checked IS TRUE` nor `checked IS NOT TRUE`, and is in none of both answers.
#
# IS [NOT] TRUE and IS [NOT] FALSE, by which SQL has each row on one side, are null where the value is missing: such rows are
# lost by WHERE and counted as zero by FILTER and CASE. IS DISTINCT FROM TRUE and COALESCE are right. A missing text has its letter
# at place 0, like a text without it. WHERE without FROM is left out: of a SELECT of constants the row is always there, also as
# part of a UNION ALL, whatever its condition asks. duckdb 2.0.1 answers as the standard has it. Nothing is raised.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check polars==2.1.0 duckdb==2.0.1

cat > "$folder/expected.txt" <<'TEXT'
six orders: two are checked, two are not, of two it is not known
  SELECT count(*) FROM orders WHERE checked IS NOT TRUE
    polars 2, duckdb 4
  SELECT count(*) FROM orders WHERE checked IS NOT FALSE
    polars 2, duckdb 4
  SELECT count(*) FROM orders WHERE NOT (checked IS TRUE)
    polars 2, duckdb 4
  SELECT count(*) FROM orders WHERE (price > 2) IS NOT TRUE
    polars 2, duckdb 3
  SELECT count(*) FILTER (WHERE checked IS NOT TRUE) FROM orders
    polars 2, duckdb 4
  SELECT sum(CASE WHEN checked IS NOT TRUE THEN 1 ELSE 0 END) FROM orders
    polars 2, duckdb 4
  SELECT count(*) FROM orders WHERE checked IS DISTINCT FROM TRUE
    polars 4, duckdb 4
  SELECT count(*) FROM orders WHERE NOT COALESCE(checked, FALSE)
    polars 4, duckdb 4
texts, of which two are missing
  SELECT count(*) FROM orders WHERE note LIKE '%x%'
    polars 2, duckdb 2
  SELECT count(*) FROM orders WHERE strpos(note, 'x') = 0
    polars 4, duckdb 2
constants
  SELECT 7 AS day WHERE 1 = 2
    polars 7, duckdb nothing
  SELECT 7 AS day WHERE (SELECT max(price) FROM orders) > 100
    polars 7, duckdb nothing
  SELECT max(price) AS day FROM orders UNION ALL SELECT 7 WHERE FALSE
    polars 5 7, duckdb 5
  SELECT price AS day FROM orders WHERE FALSE
    polars nothing, duckdb nothing
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import duckdb
import polars

rows = [(True, 1, "x"), (False, None, "y"), (None, 3, None), (True, 4, "ax"), (None, 5, None), (False, 2, "")]
orders = polars.DataFrame(rows, schema={"checked": bool, "price": int, "note": str}, orient="row")
duckdb.execute("CREATE TABLE orders (checked BOOLEAN, price INTEGER, note VARCHAR)")
duckdb.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
ASK = {
    "polars": lambda sql: polars.SQLContext(orders=orders).execute(sql, eager=True).rows(),
    "duckdb": lambda sql: duckdb.sql(sql).fetchall(),
}


def tell(sql):
    answers = {engine: sorted(value for (value,) in ask(sql)) for engine, ask in ASK.items()}
    print(f"  {sql}")
    print("   ", ", ".join(f"{engine} {' '.join(map(str, found)) or 'nothing'}" for engine, found in answers.items()))


print("six orders: two are checked, two are not, of two it is not known")
for condition in ["checked IS NOT TRUE", "checked IS NOT FALSE", "NOT (checked IS TRUE)", "(price > 2) IS NOT TRUE"]:
    tell(f"SELECT count(*) FROM orders WHERE {condition}")
tell("SELECT count(*) FILTER (WHERE checked IS NOT TRUE) FROM orders")
tell("SELECT sum(CASE WHEN checked IS NOT TRUE THEN 1 ELSE 0 END) FROM orders")
tell("SELECT count(*) FROM orders WHERE checked IS DISTINCT FROM TRUE")
tell("SELECT count(*) FROM orders WHERE NOT COALESCE(checked, FALSE)")
print("texts, of which two are missing")
tell("SELECT count(*) FROM orders WHERE note LIKE '%x%'")
tell("SELECT count(*) FROM orders WHERE strpos(note, 'x') = 0")
print("constants")
tell("SELECT 7 AS day WHERE 1 = 2")
tell("SELECT 7 AS day WHERE (SELECT max(price) FROM orders) > 100")
tell("SELECT max(price) AS day FROM orders UNION ALL SELECT 7 WHERE FALSE")
tell("SELECT price AS day FROM orders WHERE FALSE")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: on which side of IS TRUE polars has a row."
