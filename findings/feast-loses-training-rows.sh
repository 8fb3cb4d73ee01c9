#!/usr/bin/env bash
# Training data loses the rows whose features are older than the ttl, or came later, where feast 0.67.0 reads files; by DuckDB they stay, without values.
#
# get_historical_features of the default offline store keeps what has no row in the features at all, and drops what has only rows
# that do not count. So nobody is left whose first visit is still to come, and no label of a customer who has been away: the
# model is trained on who was there. The rows that are left come in another order than those that were given. With two feature
# views one row has to pass both. The same store with offline_store type duckdb gives one row for each that was asked for.
# As the online store SQLite keeps what was written last, not what is newest: a materialize of an earlier window, as a backfill
# or a cleared task of last week does it, puts last week's values in the place of today's, and so does write_to_online_store.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "feast[duckdb]==0.67.0" ibis-framework==12.0.0 \
    duckdb==2.0.1 dask==2026.8.0 pandas==2.3.3 pyarrow==26.0.1 numpy==2.4.6

cat > "$folder/expected.txt" <<'TEXT'
labels of five customers on 20 November
  asked for: Ada 1, Ben 0, Cleo 1, Dan 0, Eve 1
  file, without ttl: Ada 9, Ben 8, Dan 3, Eve None
  file, ttl of a week: Ada 9, Ben 8, Eve None
  duckdb, without ttl: Ada 9, Ben 8, Cleo None, Dan 3, Eve None
  duckdb, ttl of a week: Ada 9, Ben 8, Cleo None, Dan None, Eve None
  file, and a second view that has Ada's on 21 November: Ben 8, Eve None
  duckdb, and a second view that has Ada's on 21 November: Ada 9, Ben 8, Cleo None, Dan None, Eve None
Ada is served
  after materialize of all of November: 9
  and of 1 to 12 November, which ran again: 4
  and of all of November again: 9
  after write_to_online_store of what was on 2 November: 2
TEXT
(cd "$folder" && HOME="$folder" FEAST_USAGE=False venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import logging
import os
import sys
from contextlib import redirect_stdout
from datetime import timedelta
from itertools import count

import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.repo_config import RepoConfig
from feast.types import Float64

logging.disable(logging.CRITICAL)
number = count()


def day(of_november):
    return pandas.Timestamp(2026, 11, of_november, tz="UTC")


VISITS = pandas.DataFrame(
    [("Ada", day(10), 4.0), ("Ada", day(19), 9.0), ("Ben", day(18), 8.0), ("Cleo", day(25), 1.0), ("Dan", day(2), 3.0)],
    columns=["customer", "ts", "visits"],
)
asked = pandas.DataFrame({"customer": ["Ada", "Ben", "Cleo", "Dan", "Eve"], "label": [1, 0, 1, 0, 1], "event_timestamp": day(20)})


def make(kind, ttl=None, **views):
    folder = f"store-{next(number)}"
    os.mkdir(folder)
    config = RepoConfig(
        project="shop",
        registry=f"{folder}/registry.db",
        provider="local",
        online_store={"type": "sqlite", "path": f"{folder}/online.db"},
        offline_store={"type": kind},
        entity_key_serialization_version=3,
    )
    customer = Entity(name="customer", join_keys=["customer"], value_type=ValueType.STRING)
    made = [customer]
    for name, rows in {"visits": VISITS, **views}.items():
        rows.to_parquet(f"{folder}/{name}.parquet")
        source = FileSource(path=os.path.abspath(f"{folder}/{name}.parquet"), timestamp_field="ts")
        made.append(FeatureView(name=name, entities=[customer], ttl=ttl, schema=[Field(name=name, dtype=Float64)], source=source))
    store = FeatureStore(config=config)
    store.apply(made)
    return store


def learn(store, *features):
    found = store.get_historical_features(entity_df=asked, features=list(features)).to_df().sort_values("customer")
    return dict(zip(found["customer"], found["visits"], strict=True))


def write(found):
    return ", ".join(f"{name} {None if pandas.isna(value) else int(value)}" for name, value in found.items())


def served(store, name):
    (value,) = store.get_online_features(features=["visits:visits"], entity_rows=[{"customer": name}]).to_dict()["visits"]
    return int(value)


def materialize(store, first, last):
    with redirect_stdout(sys.stderr):
        store.materialize(day(first).to_pydatetime(), day(last).to_pydatetime())


week = timedelta(days=7)
print("labels of five customers on 20 November")
print("  asked for: " + write(dict(zip(asked["customer"], asked["label"], strict=True))))
for kind in "file", "duckdb":
    print(f"  {kind}, without ttl: " + write(learn(make(kind), "visits:visits")))
    print(f"  {kind}, ttl of a week: " + write(learn(make(kind, week), "visits:visits")))
buys = pandas.DataFrame({"customer": ["Ada", "Ben"], "ts": [day(21), day(19)], "buys": [1.0, 2.0]})
for kind in "file", "duckdb":
    found = learn(make(kind, week, buys=buys), "visits:visits", "buys:buys")
    print(f"  {kind}, and a second view that has Ada's on 21 November: " + write(found))

print("Ada is served")
store = make("file")
materialize(store, 1, 30)
print("  after materialize of all of November:", served(store, "Ada"))
materialize(store, 1, 12)
print("  and of 1 to 12 November, which ran again:", served(store, "Ada"))
materialize(store, 1, 30)
print("  and of all of November again:", served(store, "Ada"))
store.write_to_online_store("visits", pandas.DataFrame({"customer": ["Ada"], "ts": [day(2)], "visits": [2.0]}))
print("  after write_to_online_store of what was on 2 November:", served(store, "Ada"))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which rows feast gives, and which values it serves."
