#!/usr/bin/env bash
# XCom of Airflow 3.3.2 moves a time without a zone where two workers have different clocks' zones, and rounds decimals.
#
# A time is kept as seconds since 1970: without a zone, it is taken for the writer's local time and read as the reader's. One
# with a fixed offset other than UTC, as fromisoformat makes it, is written, and the task that reads it fails. A Decimal goes
# through a float: 1.10 is 1.1, and the cents of a large amount are gone. Keys of a mapping are texts, True is 'True'.
# A time as its isoformat and a Decimal as its text arrive as they are.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
2024-07-01 12:00:00 (datetime) is read as 2024-07-01 10:00:00
2024-07-01 12:00:00+00:00 (datetime) is read as 2024-07-01 12:00:00+00:00
2024-07-01 12:00:00+02:00 (datetime) cannot be read: ValueError
1.10 (Decimal) is read as 1.1
12345678901234567.89 (Decimal) is read as 12345678901234568
{2: 'two', True: 'yes', None: 'no'} (dict) is read as {'2': 'two', 'True': 'yes', 'None': 'no'}
(1, (2, 3)) (tuple) is read as (1, (2, 3))
TEXT
cat > "$folder/values.py" <<'PYTHON'
import datetime
import json
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from airflow.sdk.bases.xcom import BaseXCom

VALUES = [
    datetime.datetime(2024, 7, 1, 12),
    datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone.utc),
    datetime.datetime.fromisoformat("2024-07-01T12:00:00+02:00"),
    Decimal("1.10"),
    Decimal("12345678901234567.89"),
    {2: "two", True: "yes", None: "no"},
    (1, (2, 3)),
]
stored = Path("stored.json")
if sys.argv[1] == "write":
    stored.write_text(json.dumps([BaseXCom.serialize_value(value) for value in VALUES]))
    sys.exit()
for value, text in zip(VALUES, json.loads(stored.read_text())):
    try:
        read = f"is read as {BaseXCom.deserialize_value(SimpleNamespace(value=text))}"
    except ValueError:
        read = "cannot be read: ValueError"
    print(f"{value} ({type(value).__name__}) {read}")
PYTHON
export HOME="$folder" AIRFLOW_HOME="$folder/airflow"
(cd "$folder" && TZ=Europe/Berlin venv/bin/python -W ignore values.py write > log 2>&1 && TZ=UTC venv/bin/python -W ignore values.py read > seen.txt 2> log)
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: Airflow 3.3.2 hands on other values than it was given."
