#!/usr/bin/env bash
# Evidently 0.7.23 looks for no drift in unsigned integers, pandas' Int64, Float64 and boolean, decimals or dates.
#
# A column's role is guessed from its type. One of a type that is not expected has none, and the presets take columns that
# have one: where such a column is the one that has changed, the report says that 0 columns have drifted. So it does of a
# column that the new data has no more. A Parquet file keeps these types, and pandas reads all of its numbers as such with
# dtype_backend="numpy_nullable". Changed to float64 they are looked at, dates as texts; a DataDefinition that names unsigned
# integers in its numerical_columns helps as well. Evidently cannot be imported beside pandas 3.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check evidently==0.7.23 pandas==2.3.3 \
    pyarrow==26.0.1

cat > "$folder/expected.txt" <<'TEXT'
drift is found: int8, int64, float32, float64, bool, object, string, category
nothing is said, 0 of the columns have drifted: uint8, uint16, uint32, uint64, Int8, Int64, Float64, boolean, decimal, date, datetime64[ns]
read of a Parquet file by pandas, drift is found: integer, float, boolean, text, dictionary
read of a Parquet file by pandas, nothing is said: small unsigned, decimal, date
read with dtype_backend="numpy_nullable", drift is found: text, dictionary
read with dtype_backend="numpy_nullable", nothing is said: integer, small unsigned, float, boolean, decimal, date
read with dtype_backend="numpy_nullable", changed to float64 or texts, drift is found: integer, small unsigned, float, boolean, text, dictionary, decimal, date
read of a Parquet file by pandas, small unsigned in numerical_columns, drift is found: small unsigned
a column that the new data has no more: 0 of the columns have drifted
a column that only the new data has: ValueError
TEXT
(cd "$folder" && HOME="$folder" DO_NOT_TRACK=1 venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
from datetime import date
from decimal import Decimal

import pandas
import pyarrow
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from pyarrow import parquet

same = list(range(500))


def drifted(before, after, definition=None):
    """The names of the columns that were looked at, and how many of them have drifted."""
    if definition:
        before, after = (Dataset.from_pandas(frame, data_definition=definition) for frame in (before, after))
    metrics = Report([DataDriftPreset()]).run(after, before).dict()["metrics"]
    (count,) = (metric["value"]["count"] for metric in metrics if not metric["config"].get("column"))
    return {metric["config"].get("column") for metric in metrics} - {None}, int(count)


def compare(frames, definition=None):
    """The names of the columns in which drift is found, and of those that are passed over, each beside one that stays as it is."""
    found, silent = [], []
    for name in frames[0].columns:
        beside = [frame[[name]].assign(same=same) for frame in frames]
        seen, count = drifted(*beside, definition)
        assert count == (name in seen), (name, seen, count)
        (found if count else silent).append(name)
    return found, silent


low = [n % 100 for n in same]
high = [n + 100 for n in low]
types = "int8 int64 uint8 uint16 uint32 uint64 Int8 Int64 float32 float64 Float64".split()
low_and_high = []
for numbers, second in (low, False), (high, True):
    numbers = [n // 2 for n in numbers]
    frame = pandas.DataFrame({kind: pandas.array(numbers, kind) for kind in types})
    for kind in "bool", "boolean":
        frame[kind] = pandas.array([(n % 10 == 0) != second for n in same], kind)
    for kind in "object", "string", "category":
        frame[kind] = pandas.array(["new" if second else "old"] * 500, kind)
    frame["decimal"] = [Decimal(n) / 10 for n in numbers]
    frame["date"] = [date(2025 + second, 1, 1 + n % 28) for n in same]
    frame["datetime64[ns]"] = pandas.to_datetime(frame["date"]).astype("datetime64[ns]")
    low_and_high.append(frame)
found, silent = compare(low_and_high)
print("drift is found:", ", ".join(found))
print("nothing is said, 0 of the columns have drifted:", ", ".join(silent))

for number, frame in enumerate(low_and_high):
    columns = {"integer": frame["int64"], "small unsigned": frame["uint8"], "float": frame["float64"], "boolean": frame["bool"]}
    columns |= {"text": frame["object"], "dictionary": pyarrow.array(frame["object"]).dictionary_encode()}
    columns |= {"decimal": frame["decimal"], "date": frame["date"]}
    parquet.write_table(pyarrow.table(columns), f"{number}.parquet")


for backend in None, "numpy_nullable":
    more = {"dtype_backend": backend} if backend else {}
    frames = [pandas.read_parquet(f"{number}.parquet", **more) for number in (0, 1)]
    title = f'read with dtype_backend="{backend}"' if backend else "read of a Parquet file by pandas"
    found, silent = compare(frames)
    print(f"{title}, drift is found:", ", ".join(found))
    print(f"{title}, nothing is said:", ", ".join(silent))
numbers = ["integer", "small unsigned", "float", "decimal", "boolean"]
changed = [frame.astype(dict.fromkeys(numbers, "float64") | {"date": "str"}) for frame in frames]
print(f"{title}, changed to float64 or texts, drift is found:", ", ".join(compare(changed)[0]))
frames = [pandas.read_parquet(f"{number}.parquet")[["small unsigned"]] for number in (0, 1)]
found, silent = compare(frames, DataDefinition(numerical_columns=["small unsigned", "same"]))
print("read of a Parquet file by pandas, small unsigned in numerical_columns, drift is found:", ", ".join(found))

whole = pandas.DataFrame({"same": same, "amount": low})
print("a column that the new data has no more:", drifted(whole, whole[["same"]])[1], "of the columns have drifted")
try:
    drifted(whole[["same"]], whole)
except ValueError:
    print("a column that only the new data has: ValueError")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: in which columns Evidently 0.7.23 looks for drift."
