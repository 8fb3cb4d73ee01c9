"""A pytest plugin: the score of the golden requests at the end of the run, also when worker processes ran them."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pytest

FROM_WORKERS: Counter[tuple[str, str]] = Counter()
"""What other processes of this run counted."""


def _counted() -> Counter[tuple[str, str]]:
    golden = sys.modules.get("tests.corpus.test_golden")
    return golden.SCORE if golden else Counter()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the score over, in a worker."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["golden_requests"] = [[*key, number] for key, number in _counted().items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the score of a worker that is done."""
    for kind, word, number in getattr(node, "workeroutput", {}).get("golden_requests", []):
        FROM_WORKERS[kind, word] += number


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many cases of each type were compared and how many were equal."""
    counted = _counted() + FROM_WORKERS
    for kind in sorted({kind for kind, _ in counted}):
        equal, compared = counted[kind, "equal"], counted[kind, "compared"]
        terminalreporter.write_line(
            f"golden requests, {kind}: {equal} of {compared} equal ({100 * equal // compared} %)"
        )
