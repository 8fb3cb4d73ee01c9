"""Measure a model by its answers: the mean squared difference from what came."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--scores")
parser.add_argument("--report")
words = parser.parse_args()

found = json.loads(Path(words.scores, "scores.json").read_text(encoding="utf-8"))
loss = sum((guess - missed) ** 2 for guess, missed in found["scores"]) / len(found["scores"])
print(f"loss {loss}")
Path(words.report, "report.json").write_text(json.dumps({"rate": found["rate"], "loss": loss}), encoding="utf-8")
