#!/usr/bin/env bash
# After a hundred rows of whole numbers, polars 2.1.0 reads 0.75 as 0 from JSON, dicts, tuples and databases, and leaves a new field of dicts out.
#
# The types are those of the first 100 rows, and what comes later is made to fit: fractions are cut off, decimals rounded to the
# places of the first, a date among numbers is a count of days, a fraction among booleans is False. Words, whole numbers of more
# than 64 bits, of which read_json makes nothing, and values after a hundred empty ones raise. A field that none of these rows
# has is no column, neither of from_dicts nor of read_ndjson. Of fractions read_ndjson raises, and so does a frame that is given
# columns, but for those in lists. With infer_schema_length=None, or a schema that names the types, all are kept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check polars==2.1.0

cat > "$folder/expected.txt" <<'TEXT'
100 scores of 1, then 100 of 0.75, of which the mean is 0.875
  99 and 101 of them: 0.874 by dicts, 0.874 by read_json
  from_dicts: 0.5
  DataFrame of tuples: 0.5
  read_database of SQLite: 0.5
  read_json: 0.5
  read_ndjson: ComputeError
  DataFrame of a column: TypeError
  from_dicts, infer_schema_length=None: 0.875
  read_json, infer_schema_length=None: 0.875
the 101st row, by from_dicts, by read_json, by a column
  -0.75 after 1: 0, 0, TypeError
  0.5 after True: False, ComputeError, TypeError
  [0.75] after [1]: [0], [0], [0]
  {'low': 0.75} after {'low': 1}: {'low': 0}, {'low': 0}, TypeError
  'none' after 1: ComputeError, ComputeError, TypeError
  9223372036854775808 after 1: ComputeError, None, 9223372036854775808
  0.75 after None: ComputeError, ComputeError, 0.75
  Decimal('1.125') after Decimal('1.1'): 1.1, -, 1.125
  Decimal('1.5') after 1: 1, -, TypeError
  datetime.date(2026, 1, 1) after 1: 20454, -, TypeError
a field `reason` that the 101st row is the first to have
  from_dicts: score
  read_json: ComputeError
  read_ndjson: score
  from_dicts, infer_schema_length=None: score, reason
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python - > seen.txt) <<'PYTHON'
import datetime
import io
import json
import sqlite3
from decimal import Decimal

import polars


def tell(title, ask):
    try:
        print(f"  {title}: {ask()}")
    except (polars.exceptions.ComputeError, TypeError) as error:
        print(f"  {title}: {type(error).__name__}")


def dicts(values):
    return [{"score": value} for value in values]


def array(rows):
    return io.BytesIO(json.dumps(rows).encode())


def lines(rows):
    return io.BytesIO("\n".join(json.dumps(row) for row in rows).encode())


def mean(frame):
    return round(frame["score"].mean(), 3)


def of_database(values):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE scores (score)")
    database.executemany("INSERT INTO scores VALUES (?)", [(value,) for value in values])
    return polars.read_database("SELECT score FROM scores", database)


scores = [1] * 100 + [0.75] * 100
print("100 scores of 1, then 100 of 0.75, of which the mean is 0.875")
fewer = dicts(scores[1:] + scores[-1:])
print(f"  99 and 101 of them: {mean(polars.from_dicts(fewer))} by dicts, {mean(polars.read_json(array(fewer)))} by read_json")
tell("from_dicts", lambda: mean(polars.from_dicts(dicts(scores))))
tell("DataFrame of tuples", lambda: mean(polars.DataFrame([(score,) for score in scores], schema=["score"], orient="row")))
tell("read_database of SQLite", lambda: mean(of_database(scores)))
tell("read_json", lambda: mean(polars.read_json(array(dicts(scores)))))
tell("read_ndjson", lambda: mean(polars.read_ndjson(lines(dicts(scores)))))
tell("DataFrame of a column", lambda: mean(polars.DataFrame({"score": scores})))
tell("from_dicts, infer_schema_length=None", lambda: mean(polars.from_dicts(dicts(scores), infer_schema_length=None)))
tell("read_json, infer_schema_length=None", lambda: mean(polars.read_json(array(dicts(scores)), infer_schema_length=None)))


def last(make):
    """The last value of the frame, or the name of the error."""
    try:
        return str(make()["score"].to_list()[-1])
    except (polars.exceptions.ComputeError, TypeError) as error:
        return type(error).__name__


print("the 101st row, by from_dicts, by read_json, by a column")
PAIRS = [(1, -0.75), (True, 0.5), ([1], [0.75]), ({"low": 1}, {"low": 0.75}), (1, "none"), (1, 2**63), (None, 0.75)]
OTHERS = [(Decimal("1.1"), Decimal("1.125")), (1, Decimal("1.5")), (1, datetime.date(2026, 1, 1))]
for before, after in [*PAIRS, *OTHERS]:
    values = [before] * 100 + [after]
    of_rows = last(lambda values=values: polars.from_dicts(dicts(values)))
    of_json = last(lambda values=values: polars.read_json(array(dicts(values)))) if (before, after) in PAIRS else "-"
    of_column = last(lambda values=values: polars.DataFrame({"score": values}))
    print(f"  {after!r} after {before!r}: {of_rows}, {of_json}, {of_column}")

print("a field `reason` that the 101st row is the first to have")
rows = [*dicts([1] * 100), {"score": 0, "reason": "no data"}]
tell("from_dicts", lambda: ", ".join(polars.from_dicts(rows).columns))
tell("read_json", lambda: ", ".join(polars.read_json(array(rows)).columns))
tell("read_ndjson", lambda: ", ".join(polars.read_ndjson(lines(rows)).columns))
tell("from_dicts, infer_schema_length=None", lambda: ", ".join(polars.from_dicts(rows, infer_schema_length=None).columns))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what polars makes of rows after the hundredth."
