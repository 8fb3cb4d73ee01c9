"""Writes clients of whom nobody knows yet whether they will default: a CSV file for each branch of the bank.

python new_clients.py new_clients
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from generate import COLUMNS, clients

BRANCHES = {"east": 41, "north": 42, "west": 43}
"""The branches, and the seed of each."""

COUNT = 40


def write(folder: Path) -> None:
    """Write one file for each branch: one header line, then the clients without their label."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (branch, seed) in enumerate(BRANCHES.items()):
        with (folder / f"{branch}.csv").open("w", newline="", encoding="ascii") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["ID", *COLUMNS])
            for row, client in enumerate(clients(COUNT, seed), start=COUNT * number + 1):
                writer.writerow([row, *client[:-1]])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
