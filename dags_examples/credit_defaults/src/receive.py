"""Shows that data arrived whole on a command line: a string, a comma-separated list and a JSON document."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def main() -> None:
    """Print what was given and, where an output folder is named, leave it there as ``received.json``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", help="any text")
    parser.add_argument("--list", type=lambda text: text.split(","), help="values with commas between them")
    parser.add_argument("--json", type=json.loads, help="a JSON document")
    parser.add_argument("--output", type=Path, help="folder for received.json")
    arguments = parser.parse_args()

    received = {name: value for name in ("text", "list", "json") if (value := getattr(arguments, name)) is not None}
    print(json.dumps(received, indent=2, sort_keys=True))
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        (arguments.output / "received.json").write_text(json.dumps(received, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main()
