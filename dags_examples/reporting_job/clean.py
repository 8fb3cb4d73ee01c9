"""Copies the clients that have an age, and tells Airflow how many that were: with nothing but the standard library."""

import csv
import json
import os
import sys

given, cleaned = sys.argv[1:]
with open(given) as source:
    rows = list(csv.reader(source))[2:]
kept = [row for row in rows if row[5]]
with open(os.path.join(cleaned, "clients.csv"), "w") as target:
    csv.writer(target).writerows(kept)

# [START script]
counts = {"rows": len(kept), "refused": len(rows) - len(kept)}
report = {"xcom": counts, "asset_extra": counts, "note": f"{len(kept)} of {len(rows)} clients kept"}
os.makedirs("outputs", exist_ok=True)
with open("outputs/airflow.json", "w") as file:
    json.dump(report, file)
# [END script]
