"""Train a logistic regression by gradient descent, one client after the other."""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path

import clients

parser = argparse.ArgumentParser()
parser.add_argument("--clients")
parser.add_argument("--rate", type=float)
parser.add_argument("--rounds", type=int)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--model")
words = parser.parse_args()

known = clients.read(words.clients)
weights = [0.0] * len(known[0][0])
random.seed(words.seed)
for _ in range(words.rounds):
    random.shuffle(known)
    for values, missed in known:
        guess = 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(weights, values, strict=True))))
        weights = [
            weight + words.rate * (missed - guess) * value / 10 for weight, value in zip(weights, values, strict=True)
        ]
print(f"weights {weights}")
Path(words.model, "weights.json").write_text(json.dumps({"rate": words.rate, "weights": weights}), encoding="utf-8")
