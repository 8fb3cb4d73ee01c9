#!/usr/bin/env bash
# A flow of Hamilton (apache-hamilton 1.90.0) with its cache gives the old total again when a file was corrected that is the first of two in pandas.concat.
#
# What a result was made of is told by a hash of each input and of each result on the way. That of a frame of pandas 3.1.1 is by
# its index, in which of rows with one number only the last counts, and knows no names of columns: prices that change places with
# costs are the same frame. A list, dict or dataclass in which something lies that Hamilton cannot hash (a Path, a Decimal, a UUID,
# a Timestamp, an integer of numpy, a table of pyarrow) has one hash for all values of it; given by itself, the same value is right,
# as the result is then made anew each time. An array is told by its bytes without its shape, a number as its text. No error, and
# nothing in the log. With pandas.concat(ignore_index=True), str(path), and names in the data the results are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-hamilton==1.90.0 pandas==3.1.1 numpy==2.4.6 \
    pyarrow==26.0.1

cat > "$folder/expected.txt" <<'TEXT'
a flow that reads january.csv and february.csv anew in each run, and adds up their sales
  pandas.concat: 100, after january.csv was corrected 100
  pandas.concat(ignore_index=True): 100, after january.csv was corrected 91
which of two inputs has the second run seen
  a frame, its second row corrected: the second
  a frame of two files, the first file corrected: the first
  a frame, columns renamed: the first
  a frame, True for 1 and False for 0: the first
  a series, renamed: the first
  an array, of another shape: the first
  a number, as text: the first
  a path: the second
  a list with a path: the first
  a dict with a Decimal: the first
  a dict with a UUID: the first
  a dict with a Timestamp: the first
  a dict with a date: the second
  a dict with an integer of numpy: the first
  a dict with a table of pyarrow: the first
  a dict with a frame, its second row corrected: the second
  a dataclass with a path: the first
TEXT
cat > "$folder/sales.py" <<'PYTHON'
import pandas


def rows(renumber: bool) -> pandas.DataFrame:
    files = [pandas.read_csv("january.csv"), pandas.read_csv("february.csv")]
    return pandas.concat(files, ignore_index=renumber)


def total(rows: pandas.DataFrame) -> int:
    return int(rows["sold"].sum())
PYTHON
cat > "$folder/look.py" <<'PYTHON'
def seen(given: object) -> str:
    return repr(given)
PYTHON
(cd "$folder" && HOME="$folder" HAMILTON_TELEMETRY_ENABLED=false PYTHONPATH="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import dataclasses
import datetime
import decimal
import pathlib
import tempfile
import uuid

import look
import numpy
import pandas
import pyarrow
import sales
from hamilton import driver


def january(*sold):
    pathlib.Path("january.csv").write_text("\n".join(["sold", *map(str, sold)]) + "\n")


print("a flow that reads january.csv and february.csv anew in each run, and adds up their sales")
pathlib.Path("february.csv").write_text("sold\n30\n40\n")
for title, renumber in {"pandas.concat": False, "pandas.concat(ignore_index=True)": True}.items():
    totals = []
    for sold in [(10, 20), (1, 20)]:
        january(*sold)
        flow = driver.Builder().with_modules(sales).with_cache(path=f"cache {renumber}", recompute=["rows"]).build()
        totals.append(flow.execute(["total"], inputs={"renumber": renumber})["total"])
    print(f"  {title}: {totals[0]}, after january.csv was corrected {totals[1]}")


@dataclasses.dataclass
class Source:
    path: pathlib.Path


def tell(title, first, second):
    with tempfile.TemporaryDirectory() as cache:
        answers = []
        for given in (first, second):
            flow = driver.Builder().with_modules(look).with_cache(path=cache).build()
            answers.append(flow.execute(["seen"], inputs={"given": given})["seen"])
    assert answers[1] in (repr(first), repr(second))
    print(f"  {title}: the {'second' if answers[1] == repr(second) else 'first'}")


def frame(*values):
    return pandas.DataFrame({"sold": values})


def inside(title, first, second):
    tell(f"a dict with {title}", {"value": first}, {"value": second})


path, other = pathlib.Path("january.csv"), pathlib.Path("march.csv")
print("which of two inputs has the second run seen")
tell("a frame, its second row corrected", frame(10, 20), frame(10, 2))
tell(
    "a frame of two files, the first file corrected",
    pandas.concat([frame(10, 20), frame(30, 40)]),
    pandas.concat([frame(1, 2), frame(30, 40)]),
)
prices = pandas.DataFrame({"price": [10, 20], "cost": [8, 15]})
tell("a frame, columns renamed", prices, prices.set_axis(["cost", "price"], axis=1))
tell("a frame, True for 1 and False for 0", frame(1, 0), frame(True, False))
tell("a series, renamed", pandas.Series([10, 20], name="price"), pandas.Series([10, 20], name="cost"))
tell("an array, of another shape", numpy.arange(4), numpy.arange(4).reshape(2, 2))
tell("a number, as text", 10, "10")
tell("a path", path, other)
tell("a list with a path", [path], [other])
inside("a Decimal", decimal.Decimal("0.19"), decimal.Decimal("0.07"))
inside("a UUID", uuid.UUID(int=1), uuid.UUID(int=2))
inside("a Timestamp", pandas.Timestamp("2026-01-31"), pandas.Timestamp("2026-02-28"))
inside("a date", datetime.date(2026, 1, 31), datetime.date(2026, 2, 28))
inside("an integer of numpy", numpy.int64(7), numpy.int64(28))
inside("a table of pyarrow", pyarrow.table({"sold": [10]}), pyarrow.table({"sold": [20]}))
inside("a frame, its second row corrected", frame(10, 20), frame(10, 2))
tell("a dataclass with a path", Source(path), Source(other))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which results Hamilton takes for those of other inputs."
