#!/usr/bin/env bash
# Airflow's checks of tables (common-sql 2.4.0) pass where today's rows are missing, where a sum has changed its sign, and on other rows than asked.
#
# A column check takes the NULL of an empty table for 0: no row is between 0 and 1, unique and without gaps. SQLIntervalCheckOperator
# passes if either day has no rows, or a sum of 0, by ignore_zero's default; a sum that falls from 7 to -700 passes at any
# threshold, and so does, as relative_diff, one from -7 to -700. Two partition clauses are joined by AND without brackets:
# with an OR in either, rows of other days are counted. accept_none=True of a table check, which is there for empty
# tables by its documentation, raises a ValueError on one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-common-sql==2.4.0 \
    apache-airflow-providers-sqlite==4.3.4 apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
columns of an empty table: passed
columns of a table of NULLs, its null_check left out: passed
columns of an empty table, accept_none=False: TypeError
rows of today, of whom there are none, against 3 of yesterday: passed
sum of -700 against 7: passed
sum of -700 against -7, relative_diff: passed
sum of 700 against 7: AirflowException
rows of today in the south or the west, of whom there are none: passed
the same with brackets: AirflowException
rows of an empty table: ValueError
rows of an empty table, accept_none=True: ValueError
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder/airflow" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
import json
import os
import sqlite3
from pathlib import Path

from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator, SQLIntervalCheckOperator, SQLTableCheckOperator

DAYS = {"today": "2026-12-02", "yesterday": "2026-12-01"}
os.environ["AIRFLOW_CONN_SALES"] = json.dumps({"conn_type": "sqlite", "host": os.path.abspath("sales.db")})
with sqlite3.connect("sales.db") as database:
    database.executescript("""
        CREATE TABLE empty (score REAL);
        CREATE TABLE gaps (score REAL);
        INSERT INTO gaps VALUES (NULL), (NULL);
        CREATE TABLE late (ds TEXT);
        INSERT INTO late VALUES ('2026-12-01'), ('2026-12-01'), ('2026-12-01');
        CREATE TABLE sums (ds TEXT, fallen REAL, deeper REAL, grown REAL);
        INSERT INTO sums VALUES ('2026-12-01', 7, -7, 7), ('2026-12-02', -700, -700, 700);
        CREATE TABLE sales (ds TEXT, region TEXT);
        INSERT INTO sales VALUES ('2026-12-02', 'north'), ('2026-11-30', 'west');
    """)
seen = []


def run(title, operator, **options):
    task = operator(task_id="check", conn_id="sales", **options)
    if operator is SQLIntervalCheckOperator:  # what Airflow makes of the templates on the second of December
        task.sql1 = task.sql1.replace("{{ ds }}", DAYS["today"])
        task.sql2 = task.sql2.replace("{{ macros.ds_add(ds, -1) }}", DAYS["yesterday"])
    try:
        task.execute({})
        end = "passed"
    except Exception as raised:
        end = type(raised).__name__
    seen.append(f"{title}: {end}\n")


columns = {"score": {"min": {"geq_to": 0}, "max": {"leq_to": 1}, "unique_check": {"equal_to": 0}}}
run("columns of an empty table", SQLColumnCheckOperator, table="empty", column_mapping={"score": {**columns["score"], "null_check": {"equal_to": 0}}})
run("columns of a table of NULLs, its null_check left out", SQLColumnCheckOperator, table="gaps", column_mapping=columns)
run("columns of an empty table, accept_none=False", SQLColumnCheckOperator, table="empty", column_mapping=columns, accept_none=False)


def compare(title, table, metric, **options):
    run(title, SQLIntervalCheckOperator, table=table, days_back=-1, metrics_thresholds={metric: 1.5}, **options)


compare("rows of today, of whom there are none, against 3 of yesterday", "late", "COUNT(*)")
compare("sum of -700 against 7", "sums", "SUM(fallen)")
compare("sum of -700 against -7, relative_diff", "sums", "SUM(deeper)", ratio_formula="relative_diff")
compare("sum of 700 against 7", "sums", "SUM(grown)")


def count(title, clause):
    checks = {"has_rows": {"check_statement": "COUNT(*) > 0", "partition_clause": clause}}
    run(title, SQLTableCheckOperator, table="sales", partition_clause=f"ds = '{DAYS['today']}'", checks=checks)


count("rows of today in the south or the west, of whom there are none", "region = 'south' OR region = 'west'")
count("the same with brackets", "(region = 'south' OR region = 'west')")
checks = {"positive": {"check_statement": "score > 0"}}
run("rows of an empty table", SQLTableCheckOperator, table="empty", checks=checks)
run("rows of an empty table, accept_none=True", SQLTableCheckOperator, table="empty", checks=checks, accept_none=True)
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what the checks of the common-sql provider 2.4.0 of Airflow let pass."
