#!/usr/bin/env bash
# pyiceberg 0.12.0 deletes rows that its own scan with the same filter does not find: those with NaN, if the whole rest of their file is to go.
#
# `score < 10` is false for NaN, as scan and count say. A delete first looks for files that the filter takes as a whole, by
# the smallest and the largest value of each, which leave NaN out; how many NaN a file has is a number of Iceberg's that
# pyiceberg does not write. A file that has to be written anew keeps them, even where the filter takes them. So one row
# more in a file decides about others. Missing values are counted, and stay. overwrite(overwrite_filter=…) does the same.
# `and score is not nan` keeps the rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "pyiceberg[sql-sqlite]==0.12.0" pyarrow==26.0.1

cat > "$folder/expected.txt" <<'TEXT'
[1, 2, nan] score < 10: found [1.0, 2.0]; left after the delete []
[1, 20, nan] score < 10: found [1.0]; left after the delete [20.0, nan]
[1, 2, None] score < 10: found [1.0, 2.0]; left after the delete [None]
[1, 2, nan] score < 10 and score is not nan: found [1.0, 2.0]; left after the delete [nan]
[1, 2, nan] score == 1: found [1.0]; left after the delete [2.0, nan]
[1, 1, nan] score == 1: found [1.0, 1.0]; left after the delete []
[1, 5, nan] score != 5: found [1.0, nan]; left after the delete [5.0, nan]
two files [1, 2] and [20, nan], score < 10: left [20.0, nan]
two files [20, 30] and [2, nan], score < 10: left [20.0, 30.0]
[1, 2, nan] with score < 10 overwritten by 7: [7.0]
numbers of NaN written down for [1, 2, nan]: [[]]
TEXT
"$folder/venv/bin/python" -W ignore - "$folder" > "$folder/seen.txt" <<'PYTHON'
import sys
from math import nan

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog

catalog = SqlCatalog("here", uri=f"sqlite:///{sys.argv[1]}/catalog.db", warehouse=f"file://{sys.argv[1]}/warehouse")
catalog.create_namespace("lab")


def rows(values):
    return pyarrow.table({"score": pyarrow.array(values, pyarrow.float64(), from_pandas=False)})


def table(*files):
    if catalog.table_exists("lab.scores"):
        catalog.drop_table("lab.scores")
    made = catalog.create_table("lab.scores", rows([]).schema)
    for values in files:
        made.append(rows(values))
    return made


def scores(found):
    return found.to_arrow()["score"].to_pylist()


cases = [
    ([1, 2, nan], "score < 10"),
    ([1, 20, nan], "score < 10"),
    ([1, 2, None], "score < 10"),
    ([1, 2, nan], "score < 10 and score is not nan"),
    ([1, 2, nan], "score == 1"),
    ([1, 1, nan], "score == 1"),
    ([1, 5, nan], "score != 5"),
]
for values, text in cases:
    asked = table(values)
    found = scores(asked.scan(row_filter=text))
    asked.delete(text)
    print(f"{values} {text}: found {found}; left after the delete {scores(asked.scan())}")
for one, other in ([1, 2], [20, nan]), ([20, 30], [2, nan]):
    asked = table(one, other)
    asked.delete("score < 10")
    print(f"two files {one} and {other}, score < 10: left {sorted(scores(asked.scan()))}")
asked = table([1, 2, nan])
asked.overwrite(rows([7]), overwrite_filter="score < 10")
print(f"[1, 2, nan] with score < 10 overwritten by 7: {scores(asked.scan())}")
written = table([1, 2, nan]).inspect.files()["nan_value_counts"].to_pylist()
print(f"numbers of NaN written down for [1, 2, nan]: {written}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what pyiceberg 0.12.0 deletes along with a filter's rows."
