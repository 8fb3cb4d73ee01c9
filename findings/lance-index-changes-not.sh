#!/usr/bin/env bash
# Of Lance (pylance 14.0.2), `NOT (checked IS TRUE)` finds, counts, deletes and updates rows without a value, and not once `checked` has an index.
#
# IS TRUE is false of a row without a value, so that NOT makes it true; the index takes it for `= true`. Of a BTREE or a BITMAP it
# is the same, for IS FALSE too, not of a ZONEMAP, and not for `checked IS NOT TRUE`, which is the same condition in other
# words. Rows that were written after the index was made are found until it is brought up to date: who labels what is not
# checked yet by such a filter sees new rows, and does not see them the next day.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pylance==14.0.2 pyarrow==26.0.1 duckdb==2.0.1

cat > "$folder/expected.txt" <<'TEXT'
NOT (checked IS TRUE) of 1 yes, 2 no, 3 without a value
  DuckDB: 2 3
  without an index: finds 2 3, counts 2, delete leaves 1, update changes 2 3
  BTREE: finds 2, counts 1, delete leaves 1 3, update changes 2
  BITMAP: finds 2, counts 1, delete leaves 1 3, update changes 2
  ZONEMAP: finds 2 3, counts 2, delete leaves 1, update changes 2 3
the same in other words, without an index and with a BTREE
  checked IS NOT TRUE: 2 3, 2 3
  NOT coalesce(checked, false): 2 3, 2 3
  NOT (checked IS TRUE): 2 3, 2
  NOT (checked IS TRUE OR id = 1): 2 3, 2
  NOT (checked IS FALSE): 1 3, 1
  NOT (checked IS NULL): 1 2, 1 2
a row 4 without a value after the BTREE
  after it was written: 2 4
  after optimize_indices: 2
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
from itertools import count

import duckdb
import lance
import pyarrow

number = count()
rows = pyarrow.table({"id": [1, 2, 3], "checked": [True, False, None], "by": ["", "", ""]})
ASK = "NOT (checked IS TRUE)"


def make(index=None):
    made = lance.write_dataset(rows, f"rows-{next(number)}.lance")
    if index:
        made.create_scalar_index("checked", index_type=index)
    return made


def find(made, filter=None):
    return " ".join(str(id) for id in sorted(made.to_table(filter=filter)["id"].to_pylist()))


print(f"{ASK} of 1 yes, 2 no, 3 without a value")
print("  DuckDB: " + " ".join(str(id) for (id,) in duckdb.sql(f"SELECT id FROM rows WHERE {ASK} ORDER BY id").fetchall()))
for index in None, "BTREE", "BITMAP", "ZONEMAP":
    made = make(index)
    seen = f"finds {find(made, ASK)}, counts {made.count_rows(ASK)}"
    made.update({"by": "'me'"}, where=ASK)
    changed = find(made, "by = 'me'")
    made = make(index)
    made.delete(ASK)
    print(f"  {index or 'without an index'}: {seen}, delete leaves {find(made)}, update changes {changed}")
print("the same in other words, without an index and with a BTREE")
words = "checked IS NOT TRUE", "NOT coalesce(checked, false)", ASK
for ask in *words, "NOT (checked IS TRUE OR id = 1)", "NOT (checked IS FALSE)", "NOT (checked IS NULL)":
    print(f"  {ask}: {find(make(), ask)}, {find(make('BTREE'), ask)}")
print("a row 4 without a value after the BTREE")
made = make("BTREE")
made.insert(pyarrow.table({"id": [4], "checked": pyarrow.array([None], pyarrow.bool_()), "by": [""]}))
print("  after it was written: " + find(made, ASK))
made.optimize.optimize_indices()
print("  after optimize_indices: " + find(lance.dataset(made.uri), ASK))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which rows NOT (… IS TRUE) finds beside an index."
