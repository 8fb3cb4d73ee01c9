"""What the site's navigation is made of: the sections of docs/index.md, and the pages that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
INDEX = "index.md"

SECTION = re.compile(r"^## (.+)$")
ENTRY = re.compile(r"^\* \[([^\]]+)\]\(([\w./-]+\.md)\): (.+)$")

ELSEWHERE = {"../CHANGELOG.md": "changes.md"}
"""Files outside of docs that are pages of the site, too: how pages of docs name them, and where the site has them."""


class NavigationError(Exception):
    """A page that no section names, that is named twice, or that is not there."""


@dataclass(frozen=True)
class Entry:
    """A page as docs/index.md names it; ``page`` is relative to docs."""

    title: str
    page: str
    line: str


@dataclass(frozen=True)
class Section:
    """A heading of docs/index.md, the text below it, and the pages in its list."""

    title: str
    text: str
    entries: tuple[Entry, ...]

    @property
    def page(self) -> str:
        """The page of the site that lists the section's pages."""
        return "section-" + re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") + ".md"


def sections(text: str) -> list[Section]:
    """Read docs/index.md: each heading of the second level that has a list of pages is a section."""
    found: list[tuple[str, list[str], list[Entry]]] = []
    for line in text.splitlines():
        if heading := SECTION.match(line):
            found.append((heading[1], [], []))
        elif found and (entry := ENTRY.match(line)):
            found[-1][2].append(Entry(entry[1], entry[2], entry[3]))
        elif found and not found[-1][2]:
            found[-1][1].append(line)
    return [Section(title, "\n".join(said).strip(), tuple(entries)) for title, said, entries in found if entries]


def navigation(docs: Path = DOCS) -> list[Section]:
    """Give the sections, each page of docs in exactly one.

    :raises NavigationError: a page is in none or in two, or is not there.
    """
    found = sections((docs / INDEX).read_text(encoding="utf-8"))
    named = [entry.page for section in found for entry in section.entries]
    there = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} - {INDEX}
    faults = [f"docs/{page} is in no section of docs/index.md" for page in sorted(there - set(named))]
    faults += [f"docs/index.md names {page}, which is not there" for page in named if page not in there | {*ELSEWHERE}]
    faults += [
        f"docs/index.md names {page} twice" for page in sorted({page for page in named if named.count(page) > 1})
    ]
    if faults:
        raise NavigationError("; ".join(faults))
    return found
