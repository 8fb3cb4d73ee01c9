"""Train for some epochs, and go on where the last node left off: needs nothing but Python."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--checkpoints", type=Path, required=True)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--seconds", type=float, default=1.0, help="that one epoch takes")
args = parser.parse_args()

checkpoint = args.checkpoints / "state.json"
state = json.loads(checkpoint.read_text()) if checkpoint.exists() else {"epoch": 0, "starts": 0}
state["starts"] += 1
print(f"Start {state['starts']}: {state['epoch']} of {args.epochs} epochs are done")

while state["epoch"] < args.epochs:
    time.sleep(args.seconds)
    state["epoch"] += 1
    # Beside the old one, then renamed: the node may be taken away in the middle.
    unfinished = args.checkpoints / "state.unfinished"
    unfinished.write_text(json.dumps(state))
    os.replace(unfinished, checkpoint)
    print(f"Epoch {state['epoch']}")
