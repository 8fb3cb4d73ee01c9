"""Where our translation is other than Microsoft's client for a reason; everything else that differs is wrong."""

from __future__ import annotations

import re

from tests.oracle.judge import Verdict

REASONS: tuple[tuple[str, str, str], ...] = (
    ("refused here", r"nodes wait for each other", "a cycle would never run"),
    ("refused here", r"is a file, and the input is a uri_folder", "the service would look for a folder"),
    ("refused here", r"the pipeline has no such input|there is no node", "the service refuses what leads nowhere"),
)
"""Kind of verdict, what its case and detail hold (a regular expression), and the reason."""


def known(verdict: Verdict) -> str | None:
    """The reason for a difference; None when there is none."""
    line = f"{verdict.case.id} | {verdict.detail}"
    return next((why for kind, what, why in REASONS if kind == verdict.kind and re.search(what, line)), None)
