#!/usr/bin/env bash
# 0.75 is stored as 1 by dlt 1.31.0 after a frame of whole numbers, a time as its day after days, and 2 as true after true.
#
# dlt is known for a further column, score__v_double, where a value does not fit. That is so for fractions in dicts; a number after a
# boolean and a time after a day are made to fit there, too. What comes in frames of pandas 3.1.1 or tables of pyarrow 26.0.1 is
# cast to the type that the column has already, so that 0.12345678949 after a decimal 1.5 is 0.1. Each run ends with success, and
# nothing is logged. With schema_contract={"data_type": "freeze"} frames and tables are refused, dicts with a time or number are not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check dlt==1.31.0 duckdb==2.0.1 pyarrow==26.0.1 pandas==3.1.1 \
    numpy==2.4.6

cat > "$folder/expected.txt" <<'TEXT'
what is in the table after two runs
  1 and 0.75, dicts: score 1, -; score__v_double -, 0.75
  1 and 0.75, frames: score 1, 1
  1 and 0.75, tables: score 1, 1
  true and 2, dicts: score true, true
  true and 2, frames: score true, true
  true and 2, tables: score true, true
  a day and a time, dicts: score 2026-01-31, 2026-01-31
  a day and a time, frames: score 2026-01-31, 2026-01-31
  a day and a time, tables: score 2026-01-31, 2026-01-31
  1 and the text 2, dicts: score 1, 2
  1 and the text 2, frames: score 1, 2
  1 and the text 2, tables: score 1, 2
  0.75 and 1, dicts: score 0.75, 1.0
  0.75 and 1, frames: score 0.75, 1.0
  0.75 and 1, tables: score 0.75, 1.0
  a decimal 1.5 and 0.12345678949, dicts: score 1.500000000, 0.123456789
  a decimal 1.5 and 0.12345678949, frames: score 1.5, 0.1
  a decimal 1.5 and 0.12345678949, tables: score 1.5, 0.1
the same with schema_contract={"data_type": "freeze"}
  1 and 0.75, dicts: PipelineStepFailed
  1 and 0.75, frames: PipelineStepFailed
  1 and 0.75, tables: PipelineStepFailed
  true and 2, dicts: score true, true
  true and 2, frames: PipelineStepFailed
  true and 2, tables: PipelineStepFailed
  a day and a time, dicts: score 2026-01-31, 2026-01-31
  a day and a time, frames: PipelineStepFailed
  a day and a time, tables: PipelineStepFailed
TEXT
(cd "$folder" && HOME="$folder" RUNTIME__DLTHUB_TELEMETRY=false venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import datetime
import decimal
import itertools

import dlt
import duckdb
import pandas
import pyarrow

numbers = itertools.count()


def load(*batches, **how):
    """What is in the table after each batch was loaded by a run of its own, as texts by column."""
    name = f"p{next(numbers)}"
    pipeline = dlt.pipeline(name, destination=dlt.destinations.duckdb(f"{name}.db"), dataset_name="d", pipelines_dir="pipelines")
    for batch in batches:
        pipeline.run(batch, table_name="t", **how)
    with duckdb.connect(f"{name}.db") as database:
        columns = [row[0] for row in database.execute("DESCRIBE d.t").fetchall() if not row[0].startswith("_dlt")]
        return {column: [row[0] for row in database.execute(f"SELECT {column}::VARCHAR FROM d.t").fetchall()] for column in columns}


def tell(title, first, second, **how):
    for kind, make in KINDS.items():
        try:
            found = load(make(first), make(second), **how)
        except Exception as error:
            print(f"  {title}, {kind}: {type(error).__name__}")
            continue
        text = "; ".join(f"{column} {', '.join('-' if value is None else value for value in values)}" for column, values in found.items())
        print(f"  {title}, {kind}: {text}")


KINDS = {
    "dicts": lambda values: [{"score": value} for value in values],
    "frames": lambda values: pandas.DataFrame({"score": values}),
    "tables": lambda values: pyarrow.table({"score": values}),
}
day, noon = datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 18, 30)
print("what is in the table after two runs")
tell("1 and 0.75", [1], [0.75])
tell("true and 2", [True], [2])
tell("a day and a time", [day], [noon])
tell("1 and the text 2", [1], ["2"])
tell("0.75 and 1", [0.75], [1])
tell("a decimal 1.5 and 0.12345678949", [decimal.Decimal("1.5")], [decimal.Decimal("0.12345678949")])
print('the same with schema_contract={"data_type": "freeze"}')
freeze = {"schema_contract": {"data_type": "freeze"}}
tell("1 and 0.75", [1], [0.75], **freeze)
tell("true and 2", [True], [2], **freeze)
tell("a day and a time", [day], [noon], **freeze)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what dlt stores of values of another type."
