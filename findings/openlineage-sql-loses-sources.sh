#!/usr/bin/env bash
# openlineage-sql 1.54.0, by which Airflow tells what SQL reads, loses a table that a query of its own name reads, and all below a nested WITH.
#
# WITH orders AS (SELECT * FROM raw.orders) is how many queries begin. The table is then taken for the WITH query of that name,
# although it is read inside of that and written with a schema. A subquery that begins with WITH is read for its columns and
# not for its tables: the column comes from raw.orders, and no table is an input. No error is told, and the run looks like one
# that has read nothing. A WITH query that is called Orders and read as orders, which is one name in PostgreSQL and most other
# databases, is an input that there is not. sqllineage 1.5.9 finds them all. 1.40.1 of openlineage-sql does the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check openlineage-sql==1.54.0 sqllineage==1.5.9

cat > "$folder/expected.txt" <<'TEXT'
WITH o AS (SELECT * FROM raw.orders), c AS (SELECT * FROM raw.customers) SELECT o.id FROM o JOIN c ON c.id = o.customer
  openlineage-sql: raw.customers, raw.orders
  sqllineage: raw.customers, raw.orders
WITH orders AS (SELECT * FROM raw.orders), c AS (SELECT * FROM raw.customers) SELECT o.id FROM orders AS o JOIN c ON c.id = o.customer
  openlineage-sql: raw.customers
  sqllineage: raw.customers, raw.orders
WITH orders AS (SELECT * FROM raw.orders), customers AS (SELECT * FROM raw.customers) SELECT o.id FROM orders AS o JOIN customers AS c ON c.id = o.customer
  openlineage-sql: none
  sqllineage: raw.customers, raw.orders
SELECT days.id FROM (SELECT id FROM raw.orders) AS days
  openlineage-sql: raw.orders, and the column's raw.orders
  sqllineage: raw.orders
SELECT days.id FROM (WITH o AS (SELECT id FROM raw.orders) SELECT id FROM o) AS days
  openlineage-sql: none, and the column's raw.orders
  sqllineage: raw.orders
SELECT id FROM raw.customers WHERE id IN (WITH o AS (SELECT customer FROM raw.orders) SELECT customer FROM o)
  openlineage-sql: raw.customers
  sqllineage: raw.customers, raw.orders
WITH Orders AS (SELECT * FROM raw.sales) SELECT id FROM orders
  openlineage-sql: orders
  sqllineage: raw.sales
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
from openlineage_sql import parse
from sqllineage.runner import LineageRunner

TWO = "c AS (SELECT * FROM raw.customers) SELECT o.id FROM"
NAMED = "WITH orders AS (SELECT * FROM raw.orders),"
QUERIES = [
    f"WITH o AS (SELECT * FROM raw.orders), {TWO} o JOIN c ON c.id = o.customer",
    f"{NAMED} {TWO} orders AS o JOIN c ON c.id = o.customer",
    f"{NAMED} customers AS (SELECT * FROM raw.customers) SELECT o.id FROM orders AS o JOIN customers AS c ON c.id = o.customer",
    "SELECT days.id FROM (SELECT id FROM raw.orders) AS days",
    "SELECT days.id FROM (WITH o AS (SELECT id FROM raw.orders) SELECT id FROM o) AS days",
    "SELECT id FROM raw.customers WHERE id IN (WITH o AS (SELECT customer FROM raw.orders) SELECT customer FROM o)",
    "WITH Orders AS (SELECT * FROM raw.sales) SELECT id FROM orders",
]
for query in QUERIES:
    print(query)
    found = parse([f"CREATE TABLE mart.days AS {query}"], dialect="postgres")
    assert not found.errors and [table.qualified_name for table in found.out_tables] == ["mart.days"]
    line = ", ".join(sorted(table.qualified_name for table in found.in_tables)) or "none"
    if " AS days" in query:
        (column,) = found.column_lineage
        line += ", and the column's " + ", ".join(source.origin.qualified_name for source in column.lineage)
    print(f"  openlineage-sql: {line}")
    runner = LineageRunner(f"CREATE TABLE mart.days AS {query}", dialect="postgres")
    print("  sqllineage: " + ", ".join(sorted(str(table) for table in runner.source_tables)))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which tables of a query are found."
