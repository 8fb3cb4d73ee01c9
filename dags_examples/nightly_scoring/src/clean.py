"""Cleans what the branches sent: drops rows that are incomplete and clients that came twice, and counts both."""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterator
from pathlib import Path

import mlflow


def usable(row: dict[str, str]) -> bool:
    """Tell whether every column of a row is a number."""
    try:
        return all(math.isfinite(float(value)) for value in row.values())
    except (TypeError, ValueError):
        return False


def read(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Read all CSV files below a folder: the file's name and a row, one after another."""
    for path in sorted(folder.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield path.name, row


def main() -> None:
    """Write the rows that are kept to files of the same names and log how many were read, kept and dropped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--landed", type=Path, required=True, help="folder with what the branches sent")
    parser.add_argument("--clients", type=Path, required=True, help="folder for the rows that are kept")
    arguments = parser.parse_args()

    kept: dict[str, list[dict[str, str]]] = {}
    seen: set[str] = set()
    counts = {"rows_read": 0, "rows_incomplete": 0, "rows_twice": 0, "rows_kept": 0}
    for name, row in read(arguments.landed):
        counts["rows_read"] += 1
        verdict = "rows_incomplete" if not usable(row) else "rows_twice" if row["ID"] in seen else "rows_kept"
        counts[verdict] += 1
        if verdict == "rows_kept":
            seen.add(row["ID"])
            kept.setdefault(name, []).append(row)

    arguments.clients.mkdir(parents=True, exist_ok=True)
    for name, rows in kept.items():
        with (arguments.clients / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    with mlflow.start_run():
        mlflow.log_metrics(counts)
    print(counts)


if __name__ == "__main__":
    main()
