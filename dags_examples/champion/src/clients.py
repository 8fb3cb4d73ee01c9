"""The clients of the example: what is known of each, scaled, and whether the next payment was missed."""

from __future__ import annotations

import csv
from pathlib import Path

COLUMNS = ("PAY_0", "PAY_2", "PAY_3", "LIMIT_BAL")
SCALE = (1.0, 1.0, 1.0, 100_000.0)
TARGET = "default payment next month"


def read(folder: str) -> list[tuple[list[float], int]]:
    """Read the clients of a folder."""
    with (Path(folder) / "clients.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        ([1.0, *(float(row[name]) / by for name, by in zip(COLUMNS, SCALE, strict=True))], int(row[TARGET]))
        for row in rows
    ]
