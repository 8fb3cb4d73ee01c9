"""Scores clients with a scorecard, a model as simple as models come: the script of a batch deployment."""

from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path
from typing import Any

scorecard: dict[str, Any] = {}


def init() -> None:
    """Read the scorecard once for each process."""
    place = next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("scorecard.json"))
    scorecard.update(json.loads(place.read_text(encoding="utf-8")))


def chance(client: dict[str, str]) -> float:
    """Compute the chance that a client defaults."""
    score = scorecard["intercept"] + sum(float(client[name]) * weight for name, weight in scorecard["weights"].items())
    return 1 / (1 + math.exp(-score))


def run(mini_batch: list[str]) -> list[str]:
    """Score some files of clients: a line ``client,chance`` for each row."""
    lines = []
    for path in mini_batch:
        with open(path, newline="", encoding="utf-8") as file:
            lines += [f"{client['ID']},{chance(client):.6f}" for client in csv.DictReader(file)]
    return lines
