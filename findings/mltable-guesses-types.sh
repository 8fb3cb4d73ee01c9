#!/usr/bin/env bash
# mltable 1.7.0 reads CSV by the types of the first 200 rows, and what does not fit them is changed or lost, without an error.
#
# After 200 whole numbers 1.5 is read as 1. A column of 0 and 1 is one of booleans, and a later 2 is nothing. Where all
# days and months are at most 12, every date of the column is None; a single 13th anywhere settles it. Files whose columns
# stand in another order are read by position, which is the default of `header`. infer_column_types=False keeps texts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check mltable==1.7.0 azureml-dataprep-rslex==2.26.0 \
    pandas==3.1.1

cat > "$folder/expected.txt" <<'TEXT'
199 times 7, then 1.5: float64, ends in 7.0, 1.5
200 times 7, then 1.5: int64, ends in 7, 1
200 times 7, then n/a: float64, ends in 7.0, nan
200 times 1, then 2: object, ends in True, None
200 times 2024-01-01, then 2024-01-01 10:00:00: datetime64[ns], ends in 2024-01-01 00:00:00, NaT
0, 1: bool, ends in False, True
01/02/2024, 03/02/2024: object, ends in None, None
01-02-2024, 03-02-2024: object, ends in None, None
01/02/2024, 03/02/2024, 13/02/2024: datetime64[ns], ends in 2024-02-03 00:00:00, 2024-02-13 00:00:00
2024-01-02, 2024-03-02: datetime64[ns], ends in 2024-01-02 00:00:00, 2024-03-02 00:00:00
infer_column_types=False, 01/02/2024, 03/02/2024: str, ends in 01/02/2024, 03/02/2024
price,weight 1,2 and weight,price 3,4: {'price': [1, 3], 'weight': [2, 4]}
all_files_different_headers: {'price': [1, 4], 'weight': [2, 3]}
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
from pathlib import Path

import mltable


def read(*texts, **options):
    files = [Path(f"{number}.csv").absolute() for number in range(len(texts))]
    for file, text in zip(files, texts):
        file.write_text(text)
    return mltable.from_delimited_files([{"file": str(file)} for file in files], **options).to_pandas_dataframe()


def show(title, values, **options):
    column = read("\n".join(["value", *values, ""]), **options)["value"]
    print(f"{title}: {column.dtype}, ends in {', '.join(str(value) for value in column.tolist()[-2:])}")


for count, first, last in (
    (199, "7", "1.5"),
    (200, "7", "1.5"),
    (200, "7", "n/a"),
    (200, "1", "2"),
    (200, "2024-01-01", "2024-01-01 10:00:00"),
):
    show(f"{count} times {first}, then {last}", [first] * count + [last])
for values in (
    ["0", "1"],
    ["01/02/2024", "03/02/2024"],
    ["01-02-2024", "03-02-2024"],
    ["01/02/2024", "03/02/2024", "13/02/2024"],
    ["2024-01-02", "2024-03-02"],
):
    show(", ".join(values), values)
show("infer_column_types=False, 01/02/2024, 03/02/2024", ["01/02/2024", "03/02/2024"], infer_column_types=False)
orders = ("price,weight\n1,2\n", "weight,price\n3,4\n")
print("price,weight 1,2 and weight,price 3,4:", read(*orders).to_dict("list"))
print("all_files_different_headers:", read(*orders, header="all_files_different_headers").to_dict("list"))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: mltable 1.7.0 believes the first 200 rows."
