"""Say what the line of a model gives at one point."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--model", type=Path, required=True)
parser.add_argument("--at", type=float, required=True)
args = parser.parse_args()

slope, start = json.loads((args.model / "line.json").read_text(encoding="utf-8"))
print(f"At {args.at}: {slope * args.at + start:.1f}")
