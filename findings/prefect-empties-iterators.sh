#!/usr/bin/env bash
# A task of Prefect 3.9.1 that is given a generator, a zip, a csv reader or a database's cursor gets it empty, and succeeds with nothing.
#
# Before a task runs, the key of its cache is made of its inputs, also where nothing is cached or kept, and what can be read once
# is read for that. Of pandas' chunks the first is gone. What another task returns or yields is no exception. A flow with such a
# parameter loses all rows of a generator, the first of a cursor, and two of a csv reader. With cache_policy=NO_CACHE a task gets
# all rows; a list is right everywhere. Results that are kept are taken for those of other inputs where these differ in a
# field that a model of pydantic leaves out of its JSON, or in one that the declared type of a field has not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check prefect==3.9.1 pydantic==2.14.4 pandas==3.1.1

cat > "$folder/expected.txt" <<'TEXT'
rows that are counted of three
  a task: 3 of a list, 0 of a generator, 0 of a zip, 0 of a csv.DictReader, 0 of a cursor, 2 of chunks of pandas
  a task with NO_CACHE: 3 of a list, 3 of a generator, 3 of a zip, 3 of a csv.DictReader, 3 of a cursor, 3 of chunks of pandas
  a flow: 3 of a list, 0 of a generator, 0 of a zip, 1 of a csv.DictReader, 2 of a cursor, 2 of chunks of pandas
  a task, of what another one yields: 0
two inputs that differ in a field, and the field that the task has seen
  left out of JSON: 1, 2
  left out of JSON, persist_result=True: 1, 1
  of a subclass: 1, 2
  of a subclass, persist_result=True: 1, 1
TEXT
(cd "$folder" && HOME="$folder" PREFECT_HOME="$folder/prefect" PREFECT_LOGGING_LEVEL=CRITICAL PREFECT_SERVER_ANALYTICS_ENABLED=false \
    DO_NOT_TRACK=1 venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import csv
import sqlite3

import pandas
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.testing.utilities import prefect_test_harness
from pydantic import BaseModel, Field

with open("rows.csv", "w") as file:
    file.write("score\n1\n2\n3\n")
database = sqlite3.connect(":memory:")
database.execute("CREATE TABLE scores AS SELECT value AS score FROM json_each('[1, 2, 3]')")
ROWS = {
    "a list": lambda: [1, 2, 3],
    "a generator": lambda: (score for score in [1, 2, 3]),
    "a zip": lambda: zip([1, 2, 3], ["a", "b", "c"], strict=True),
    "a csv.DictReader": lambda: csv.DictReader(open("rows.csv")),
    "a cursor": lambda: database.execute("SELECT score FROM scores"),
    "chunks of pandas": lambda: pandas.read_csv("rows.csv", chunksize=1),
}


class Window(BaseModel):
    day: int = Field(default=1, exclude=True)


class Source(BaseModel):
    name: str = "sales"


class OfDay(Source):
    day: int


class Step(BaseModel):
    source: Source


def count(rows):
    return sum(1 for _ in rows)


@task
def yielded():
    yield from [1, 2, 3]


@flow
def whole():
    print("rows that are counted of three")
    for title, ask in {"a task": task(count), "a task with NO_CACHE": task(count, cache_policy=NO_CACHE), "a flow": flow(count)}.items():
        print(f"  {title}: {', '.join(f'{ask(make())} of {name}' for name, make in ROWS.items())}")
    print(f"  a task, of what another one yields: {task(count)(yielded())}")
    print("two inputs that differ in a field, and the field that the task has seen")
    for title, kept in {"": False, ", persist_result=True": True}.items():
        ask = task(lambda window: window.day, name=f"window {kept}", persist_result=kept)
        print(f"  left out of JSON{title}: {ask(Window(day=1))}, {ask(Window(day=2))}")
    for title, kept in {"": False, ", persist_result=True": True}.items():
        ask = task(lambda step: step.source.day, name=f"step {kept}", persist_result=kept)
        print(f"  of a subclass{title}: {ask(Step(source=OfDay(day=1)))}, {ask(Step(source=OfDay(day=2)))}")


with prefect_test_harness(server_startup_timeout=120):
    whole()
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what a task of Prefect gets of what is read once."
