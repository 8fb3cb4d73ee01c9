"""Markdown of the printed pages: the note at their top, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

PRINTED = "<!-- Printed by `make docs-reference`; changes made here are lost. -->"
"""Stands at the top of every page."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a head; bars in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def page(*blocks: str) -> str:
    """A whole page of blocks, a blank line between each two."""
    return "\n\n".join([PRINTED, *blocks]) + "\n"
