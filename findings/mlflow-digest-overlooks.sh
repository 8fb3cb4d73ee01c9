#!/usr/bin/env bash
# The digest by which MLflow 3.17.2 knows a data set leaves out columns of dates and booleans, and each row after the 10,000th.
#
# For pandas only columns of numbers count, and those in which each value is a text; one missing value takes such a column
# out. A tracking server whose runs are in a database keeps one data set of each name and digest, the first. So a run that
# was given new labels shows the digest of the old ones and, as the source of its data, the file of another run; what it
# was given itself is nowhere. A search for runs by the digest finds both. Of an array the first 10,000 values count: of
# rows of 100, the first hundred rows. A digest of one's own, `from_pandas(…, digest=…)`, is kept as it is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 pandas==3.1.1 \
    numpy==2.4.6 sqlalchemy==2.1.9 alembic==1.20.1

cat > "$folder/expected.txt" <<'TEXT'
same digest with other values: boolean, date, day, decimal, list, text with one missing
another digest: integer, integer with one missing, text, category
with another value in row 9999: other digest
with another value in row 10000: same digest
of an array of 20000 rows of 100, with another value in row 99: other digest
of an array of 20000 rows of 100, with another value in row 100: same digest
first run: given labels-1.parquet, shows labels-1.parquet
second run: given labels-2.parquet, shows labels-1.parquet
runs found by the digest of the second: 2
TEXT
(cd "$folder" && GIT_PYTHON_REFRESH=quiet HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import json
from datetime import date
from decimal import Decimal

import mlflow
import numpy
import pandas

columns = {
    "boolean": ([True, False, True], [False, True, True]),
    "date": ([date(2025, 1, 1)] * 3, [date(2026, 1, 1)] * 3),
    "day": (pandas.to_datetime(["2025-01-01"] * 3), pandas.to_datetime(["2026-01-01"] * 3)),
    "decimal": ([Decimal("1.10")] * 3, [Decimal("7.10")] * 3),
    "list": ([[0.1, 0.2]] * 3, [[0.8, 0.9]] * 3),
    "text with one missing": (["a", None, "c"], ["x", None, "z"]),
    "integer": ([1, 2, 3], [1, 2, 4]),
    "integer with one missing": (pandas.array([1, None, 3], "Int64"), pandas.array([1, None, 4], "Int64")),
    "text": (["a", "b", "c"], ["x", "y", "z"]),
    "category": (pandas.Categorical(["a", "b", "a"]), pandas.Categorical(["b", "b", "a"])),
}


def frame_digest(frame):
    return mlflow.data.from_pandas(frame, source="somewhere.parquet").digest


def compare(one, other):
    return "same" if one == other else "other"


digests = {
    name: compare(*(frame_digest(pandas.DataFrame({"id": [1, 2, 3], "value": values})) for values in pair))
    for name, pair in columns.items()
}
print("same digest with other values:", ", ".join(name for name, digest in digests.items() if digest == "same"))
print("another digest:", ", ".join(name for name, digest in digests.items() if digest == "other"))

frame = pandas.DataFrame({"score": numpy.zeros(20000)})
for row in 9999, 10000:
    changed = frame.copy()
    changed.loc[row, "score"] = 1
    print(f"with another value in row {row}: {compare(frame_digest(frame), frame_digest(changed))} digest")
array = numpy.zeros((20000, 100))
for row in 99, 100:
    changed = array.copy()
    changed[row, 0] = 1
    digests = [mlflow.data.from_numpy(data, source="somewhere.npy").digest for data in (array, changed)]
    print(f"of an array of 20000 rows of 100, with another value in row {row}: {compare(*digests)} digest")

mlflow.set_tracking_uri("sqlite:///runs.db")
for which, labels in ("first", [True, False]), ("second", [False, False]):
    data = pandas.DataFrame({"id": [1, 2], "label": labels})
    given = f"labels-{1 if which == 'first' else 2}.parquet"
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(data, source=given, name="labels"))
    (shown,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    print(f"{which} run: given {given}, shows {json.loads(shown.dataset.source)['uri']}")
found = mlflow.search_runs(filter_string=f"dataset.digest = '{frame_digest(data)}'")
print(f"runs found by the digest of the second: {len(found)}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what the digest of a data set of MLflow 3.17.2 leaves out."
