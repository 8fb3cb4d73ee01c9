"""Ask a model about clients: what it says beside what came."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import clients

parser = argparse.ArgumentParser()
parser.add_argument("--model")
parser.add_argument("--clients")
parser.add_argument("--scores")
words = parser.parse_args()

model = json.loads(Path(words.model, "weights.json").read_text(encoding="utf-8"))
scores = [
    (1 / (1 + math.exp(-sum(weight * value for weight, value in zip(model["weights"], values, strict=True)))), missed)
    for values, missed in clients.read(words.clients)
]
Path(words.scores, "scores.json").write_text(json.dumps({"rate": model["rate"], "scores": scores}), encoding="utf-8")
