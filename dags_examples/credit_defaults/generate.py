"""Writes the example data: a seeded, made-up stand-in for the UCI "default of credit card clients" file.

The columns, their coding and the two header lines are those of the real file (30,000 clients of a bank in Taiwan,
2005), so that the real one can take its place; the clients are invented. Only ``random.Random(seed).random()`` is used,
whose sequence Python documents as the same in every version, so that everybody gets the same bytes:

    python generate.py data/credit_card.csv
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

MONTHS = range(6)
PAY = ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"]
COLUMNS = [
    *("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"),
    *PAY,
    *(f"BILL_AMT{month + 1}" for month in MONTHS),
    *(f"PAY_AMT{month + 1}" for month in MONTHS),
]
LABEL = "default payment next month"


def clients(count: int, seed: int) -> Iterator[list[int]]:
    """Invent so many clients: one row of whole numbers each, the label last."""
    chance = random.Random(seed)
    for _ in range(count):
        yield client(chance)


def client(chance: random.Random) -> list[int]:
    """Invent one client whose chance of a default follows a logistic rule."""
    limit = 10_000 * (1 + int(49 * chance.random() ** 2))
    sex = 1 + (chance.random() < 0.6)
    education = 1 + int(3 * chance.random())
    marriage = 1 + (chance.random() < 0.53)
    age = 21 + int(45 * chance.random() ** 1.5)
    strain = chance.random()
    delays = [max(-1, min(8, round(4 * strain**3 + 4 * chance.random() - 2.5))) for _ in MONTHS]
    used = [limit * min(1.0, strain * (0.6 + 0.6 * chance.random())) for _ in MONTHS]
    paid = [bill * (1 - strain) * chance.random() for bill in used]
    score = -2.6 + 0.35 * sum(max(delay, 0) for delay in delays[:3]) / 3 + 2.5 * (used[0] / limit - 0.5)
    score += 0.9 * (education == 3) - 1.6 * (limit / 500_000) + 0.05 * (40 - age) + 2.0 * (paid[0] < 0.05 * used[0])
    defaults = chance.random() < 1 / (1 + math.exp(-score))
    return [limit, sex, education, marriage, age, *delays, *map(round, used), *map(round, paid), int(defaults)]


def write(path: Path, count: int, seed: int) -> None:
    """Write the file with the two header lines of the original, lines ended by a single newline."""
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["", *(f"X{number + 1}" for number in range(len(COLUMNS))), "Y"])
        writer.writerow(["ID", *COLUMNS, LABEL])
        for number, row in enumerate(clients(count, seed), start=1):
            writer.writerow([number, *row])


def main() -> int:
    """Read the command line and write the file it names."""
    parser = argparse.ArgumentParser(description="Write the example data.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    write(arguments.path, arguments.clients, arguments.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
