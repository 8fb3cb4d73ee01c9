"""What earlier runs of the demo have trained, so that the next one can be compared with them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path

from demo.report import Outcome


class Results:
    """One JSON object a line, the newest last."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def last(self) -> Outcome | None:
        """The newest outcome; None where there is none, or none that can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, IndexError):
            return Outcome(**json.loads(self.place.read_text(encoding="utf-8").splitlines()[-1]))
        return None

    def add(self, outcome: Outcome) -> None:
        """Remember an outcome."""
        with self.place.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")
