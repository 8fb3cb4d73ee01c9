#!/usr/bin/env bash
# The same rows pass or fail the same expectation of great_expectations 1.24.1, depending on whether they are in a table of SQL or in a frame of pandas.
#
# A row of which one of two values is missing fails "A is greater than B" and a sum of columns in pandas, and is a good row in SQL,
# by the default of each expectation; two rows of one order without a part are the same row twice in pandas alone. A condition
# with != leaves out rows without a value in SQL, and takes them in pandas. Without any rows a sum is 0 in pandas, and fails in
# SQL. ignore_row_if="either_value_is_missing", or "any_value_is_missing", makes them agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check great_expectations==1.24.1 sqlalchemy==2.1.9 pandas==3.1.1 \
    numpy==2.4.6

cat > "$folder/expected.txt" <<'TEXT'
four orders, one not delivered, one without its day
  ExpectColumnPairValuesAToBeGreaterThanB: pandas fails with 2, sqlite passes with 0
  ExpectColumnPairValuesAToBeGreaterThanB mostly=0.75: pandas fails with 2, sqlite passes with 0
  ExpectColumnPairValuesAToBeGreaterThanB ignore_row_if=either_value_is_missing: pandas passes with 0, sqlite passes with 0
three shares, one missing
  ExpectMulticolumnSumToEqual: pandas fails with 1, sqlite passes with 0
  ExpectMulticolumnSumToEqual ignore_row_if=any_value_is_missing: pandas passes with 0, sqlite passes with 0
two rows of one order without a part
  ExpectCompoundColumnsToBeUnique: pandas fails with 2, sqlite passes with 0
  ExpectCompoundColumnsToBeUnique ignore_row_if=any_value_is_missing: pandas passes with 0, sqlite passes with 0
prices where col("state") != "canceled", one state missing
  ExpectColumnValuesToNotBeNull: pandas fails with 1, sqlite passes with 0
a sum from 0 to 10, of no rows
  ExpectColumnSumToBeBetween: pandas passes with 0.0, sqlite fails with None
TEXT
(cd "$folder" && HOME="$folder" GX_ANALYTICS_ENABLED=false venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import itertools

import great_expectations
import pandas
import sqlalchemy
from great_expectations import expectations

context = great_expectations.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
frames = context.data_sources.add_pandas("pandas")
numbers = itertools.count()


def batches(rows):
    """The rows as a frame and as a table of sqlite."""
    name = f"t{next(numbers)}"
    frame = frames.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
    yield "pandas", frame.get_batch(batch_parameters={"dataframe": rows})
    rows.to_sql("rows", sqlalchemy.create_engine(f"sqlite:///{name}.db"), index=False)
    table = context.data_sources.add_sqlite(name, connection_string=f"sqlite:///{name}.db").add_table_asset("rows", table_name="rows")
    yield "sqlite", table.add_batch_definition_whole_table("all").get_batch()


def tell(title, rows, *asked):
    print(title)
    found = {name: [batch.validate(expectation) for expectation in asked] for name, batch in batches(rows)}
    for number, expectation in enumerate(asked):
        named = {key: value for key, value in expectation.configuration.kwargs.items() if key in ("ignore_row_if", "mostly")}
        words = [type(expectation).__name__, *(f"{key}={value}" for key, value in named.items())]
        answers = []
        for name, results in found.items():
            result = results[number].result
            of = result.get("unexpected_count", result.get("observed_value"))
            answers.append(f"{name} {'passes' if results[number].success else 'fails'} with {of}")
        print(f"  {' '.join(words)}: {', '.join(answers)}")


orders = pandas.DataFrame({"delivered": [2.0, 3.0, None, 4.0], "ordered": [1.0, 2.0, 3.0, None]})
AFTER, SUM, UNIQUE = (
    expectations.ExpectColumnPairValuesAToBeGreaterThanB,
    expectations.ExpectMulticolumnSumToEqual,
    expectations.ExpectCompoundColumnsToBeUnique,
)
pair = {"column_A": "delivered", "column_B": "ordered"}
tell(
    "four orders, one not delivered, one without its day",
    orders,
    AFTER(**pair),
    AFTER(**pair, mostly=0.75),
    AFTER(**pair, ignore_row_if="either_value_is_missing"),
)
shares = pandas.DataFrame({"train": [0.75, 0.75, 0.75], "test": [0.25, 0.25, None]})
columns = {"column_list": ["train", "test"], "sum_total": 1}
tell("three shares, one missing", shares, SUM(**columns), SUM(**columns, ignore_row_if="any_value_is_missing"))
doubles = pandas.DataFrame({"order": [1, 1, 2], "part": [None, None, "a"]})
columns = {"column_list": ["order", "part"]}
tell("two rows of one order without a part", doubles, UNIQUE(**columns), UNIQUE(**columns, ignore_row_if="any_value_is_missing"))
states = pandas.DataFrame({"state": ["canceled", None, "sent"], "price": [None, None, 5.0]})
filled = expectations.ExpectColumnValuesToNotBeNull
tell(
    'prices where col("state") != "canceled", one state missing',
    states,
    filled(column="price", row_condition='col("state") != "canceled"', condition_parser="great_expectations"),
)
total = expectations.ExpectColumnSumToBeBetween(column="price", min_value=0, max_value=10)
tell("a sum from 0 to 10, of no rows", pandas.DataFrame({"price": pandas.Series([], dtype=float)}), total)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what an expectation says of the same rows in pandas and in SQL."
