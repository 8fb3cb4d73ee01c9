"""Links between the pages lead to files and headings that are there, as GitHub names headings."""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests import REPOSITORY

PAGES = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


@cache
def tokens(page: Path) -> list[Token]:
    """A page as it is read."""
    return MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    found: dict[str, int] = {}
    names = set()
    for opening, inline in itertools.pairwise(tokens(page)):
        if opening.type == "heading_open":
            said = "".join(child.content for child in inline.children or [])
            slug = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
            names.add(f"{slug}-{found[slug]}" if slug in found else slug)
            found[slug] = found.get(slug, 0) + 1
    return names


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures that are not elsewhere on the internet."""
    children = [child for token in tokens(page) for child in token.children or []]
    targets = [str(child.attrs.get("href") or child.attrs.get("src") or "") for child in children]
    return [target for target in targets if target and not re.match(r"[a-z]+:", target)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in links(page):
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not heading or heading in anchors(target), link
