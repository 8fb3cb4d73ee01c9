"""Keep the better of two models."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--models", nargs=2)
parser.add_argument("--reports", nargs=2)
parser.add_argument("--champion")
parser.add_argument("--report")
words = parser.parse_args()

reports = [json.loads(Path(folder, "report.json").read_text(encoding="utf-8")) for folder in words.reports]
best = min((0, 1), key=lambda number: reports[number]["loss"])
shutil.copy(Path(words.models[best], "weights.json"), words.champion)
found = {"champion": reports[best], "candidates": reports}
print(found)
Path(words.report, "report.json").write_text(json.dumps(found), encoding="utf-8")
