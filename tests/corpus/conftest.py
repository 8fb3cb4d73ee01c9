"""The score of the golden requests, at the end of the run where it can be seen."""

from __future__ import annotations

import sys
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many cases of each type were compared and how many were equal."""
    golden = sys.modules.get("tests.corpus.test_golden")
    counted = golden.SCORE if golden else {}
    for kind in sorted({kind for kind, _ in counted}):
        equal, compared = counted[kind, "equal"], counted[kind, "compared"]
        terminalreporter.write_line(
            f"golden requests, {kind}: {equal} of {compared} equal ({100 * equal // compared} %)"
        )
