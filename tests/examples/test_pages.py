"""The documentation shows the examples as they are: a piece of code that names its source is that source."""

from __future__ import annotations

import re
import textwrap

import pytest

from tests import REPOSITORY

PIECE = re.compile(r"<!-- (dags_examples/[\w/.]+)(?:: (\w+))? -->\n```python\n(.*?)```\n", re.DOTALL)
PIECES = [
    pytest.param(*piece, id=f"{page.stem}-{piece[1] or piece[0]}")
    for page in sorted((REPOSITORY / "docs").glob("*.md"))
    for piece in PIECE.findall(page.read_text(encoding="utf-8"))
]


def region(file: str, mark: str) -> str:
    """Cut a marked region out of an example, or give the whole file where no mark is named."""
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    if not mark:
        return text
    found = re.search(rf"^ *# \[START {mark}\]\n(.*?)^ *# \[END {mark}\]\n", text, re.DOTALL | re.MULTILINE)
    assert found, f"{file} has no region {mark}"
    return textwrap.dedent(found[1])


@pytest.mark.parametrize(("file", "mark", "shown"), PIECES)
def test_pages_show_the_examples_as_they_are(file: str, mark: str, shown: str) -> None:
    assert shown == region(file, mark)


def test_pieces_are_found() -> None:
    named = sum(page.read_text(encoding="utf-8").count("<!-- dags_examples/") for page in REPOSITORY.glob("docs/*.md"))

    assert len(PIECES) == named > 5
