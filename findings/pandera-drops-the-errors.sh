#!/usr/bin/env bash
# With drop_invalid_rows, pandera 0.35.0 takes a polars frame that lacks a column, or has it of another type, and says nothing.
#
# Rows that fail are to be left out. For polars an error that belongs to no row is left out as well: what comes back is the frame
# as it was, with texts for numbers where one of them is no number, with rows twice where `unique` forbids them, and no row at
# all where a check of the whole frame fails. pandas raises there (a TypeError at such a check), but leaves rows out by their
# index: where it has a label twice, as that of two files together has, good rows go with the bad ones; of a row that is there
# twice, none is left. Nothing is looked at in the values of a LazyFrame, as the documentation says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pandera==0.35.0 pandas==3.1.1 polars==2.1.0 \
    pyarrow==26.0.1

cat > "$folder/expected.txt" <<'TEXT'
as it should be
  pandas: id [1, 2, 3], amount [5.0, 6.0, 7.0]; with drop_invalid_rows id [1, 2, 3], amount [5.0, 6.0, 7.0]
  polars: id [1, 2, 3], amount [5.0, 6.0, 7.0]; with drop_invalid_rows id [1, 2, 3], amount [5.0, 6.0, 7.0]
a negative amount
  pandas: SchemaErrors; with drop_invalid_rows id [1, 3], amount [5.0, 7.0]
  polars: SchemaErrors; with drop_invalid_rows id [1, 3], amount [5.0, 7.0]
a missing amount
  pandas: SchemaErrors; with drop_invalid_rows id [1, 3], amount [5.0, 7.0]
  polars: SchemaErrors; with drop_invalid_rows id [1, 3], amount [5.0, 7.0]
no amounts
  pandas: SchemaErrors; with drop_invalid_rows SchemaErrors
  polars: SchemaErrors; with drop_invalid_rows id [1, 2, 3]
amounts are texts
  pandas: SchemaErrors; with drop_invalid_rows SchemaErrors
  polars: SchemaErrors; with drop_invalid_rows id [1, 2, 3], amount ['5.0', '-1.0', '7.0']
amounts are texts, coerce
  pandas: SchemaErrors; with drop_invalid_rows id [1, 3], amount [5.0, 7.0]
  polars: SchemaErrors; with drop_invalid_rows id [1, 3], amount [5.0, 7.0]
amounts are texts, one is no number, coerce
  pandas: SchemaErrors; with drop_invalid_rows SchemaErrors
  polars: SchemaErrors; with drop_invalid_rows id [1, 3], amount ['5.0', '7.0']
one column more, strict
  pandas: SchemaErrors; with drop_invalid_rows SchemaErrors
  polars: SchemaErrors; with drop_invalid_rows id [1, 2, 3], amount [5.0, 6.0, 7.0], more [0, 0, 0]
the first row twice, unique
  pandas: SchemaErrors; with drop_invalid_rows id [2], amount [6.0]
  polars: SchemaErrors; with drop_invalid_rows id [1, 1, 2], amount [5.0, 5.0, 6.0]
a check of the whole frame
  pandas: SchemaErrors; with drop_invalid_rows TypeError
  polars: SchemaErrors; with drop_invalid_rows id [], amount []
a negative amount, in two files together
  pandas: SchemaErrors; with drop_invalid_rows id [1, 3, 1, 3], amount [5.0, 7.0, 5.0, 7.0]
  polars: SchemaErrors; with drop_invalid_rows id [1, 2, 3, 1, 3], amount [5.0, 6.0, 7.0, 5.0, 7.0]
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import pandas
import pandera.pandas
import pandera.polars
import polars

good = {"id": [1, 2, 3], "amount": [5.0, 6.0, 7.0]}
CASES = {
    "as it should be": (good, {}),
    "a negative amount": (good | {"amount": [5.0, -1.0, 7.0]}, {}),
    "a missing amount": (good | {"amount": [5.0, None, 7.0]}, {}),
    "no amounts": ({"id": [1, 2, 3]}, {}),
    "amounts are texts": (good | {"amount": ["5.0", "-1.0", "7.0"]}, {}),
    "amounts are texts, coerce": (good | {"amount": ["5.0", "-1.0", "7.0"]}, {"coerce": True}),
    "amounts are texts, one is no number, coerce": (good | {"amount": ["5.0", "n/a", "7.0"]}, {"coerce": True}),
    "one column more, strict": (good | {"more": [0, 0, 0]}, {"strict": True}),
    "the first row twice, unique": ({"id": [1, 1, 2], "amount": [5.0, 5.0, 6.0]}, {"unique": ["id", "amount"]}),
    "a check of the whole frame": (good, {"check": True}),
}


def tell(title, frame, library, coerce=False, check=False, **more):
    columns = {"id": library.Column(int), "amount": library.Column(float, library.Check.ge(0), coerce=coerce)}
    if check and library is pandera.pandas:
        more["checks"] = library.Check(lambda rows: rows["amount"].sum() < 10)
    elif check:
        more["checks"] = library.Check(lambda data: data.lazyframe.select(polars.col("amount").sum() < 10))
    said = []
    for drop in False, True:
        try:
            found = library.DataFrameSchema(columns, drop_invalid_rows=drop, **more).validate(frame, lazy=True)
        except Exception as error:
            said.append(type(error).__name__)
            continue
        found = found.to_dict("list") if library is pandera.pandas else found.to_dict(as_series=False)
        said.append(", ".join(f"{name} {values}" for name, values in found.items()))
    print(f"  {title}: {said[0]}; with drop_invalid_rows {said[1]}")


for title, (data, settings) in CASES.items():
    print(title)
    tell("pandas", pandas.DataFrame(data), pandera.pandas, **settings)
    tell("polars", polars.DataFrame(data), pandera.polars, **settings)
print("a negative amount, in two files together")
data = CASES["a negative amount"][0]
tell("pandas", pandas.concat([pandas.DataFrame(good), pandas.DataFrame(data)]), pandera.pandas)
tell("polars", polars.concat([polars.DataFrame(good), polars.DataFrame(data)]), pandera.polars)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what pandera gives back when it drops rows."
