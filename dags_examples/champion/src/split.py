"""Split the clients into those to train on and those to test with."""

from __future__ import annotations

import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--clients")
parser.add_argument("--test_share", type=float)
parser.add_argument("--train")
parser.add_argument("--test")
words = parser.parse_args()

_, head, *clients = Path(words.clients).read_text(encoding="utf-8").splitlines()
tested = int(len(clients) * words.test_share)
for folder, rows in ((words.test, clients[:tested]), (words.train, clients[tested:])):
    Path(folder, "clients.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    print(f"{len(rows)} clients in {folder}")
