"""Fit a line to noisy points by gradient descent, and report the loss of every fifth epoch: the metric of the sweep."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import mlflow

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, required=True)
parser.add_argument("--momentum", type=float, required=True)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--model", type=Path, required=True)
args = parser.parse_args()

noise = random.Random(7)
points = [(x / 10, 3 * x / 10 - 1 + noise.gauss(0, 0.1)) for x in range(20)]
weights, moves = [0.0, 0.0], [0.0, 0.0]

for epoch in range(1, args.epochs + 1):
    errors = [weights[0] * x + weights[1] - y for x, y in points]
    slopes = [
        2 * sum(error * x for error, (x, _) in zip(errors, points, strict=True)) / len(points),
        2 * sum(errors) / len(points),
    ]
    moves = [args.momentum * move - args.rate * slope for move, slope in zip(moves, slopes, strict=True)]
    weights = [weight + move for weight, move in zip(weights, moves, strict=True)]
    if epoch % 5 == 0:
        mlflow.log_metric("loss", sum(error**2 for error in errors) / len(points), step=epoch)

(args.model / "line.json").write_text(json.dumps(weights), encoding="utf-8")
print(f"y = {weights[0]:.2f} x + {weights[1]:.2f}")
