"""The pages as Sphinx reads them: those of docs, a page for each section, and the changelog."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from documentation.navigation import DOCS, ELSEWHERE, INDEX, Section, navigation


def write(folder: Path) -> list[Section]:
    """Make the folder anew: copies of the pages, with the tables of contents that plain Markdown has no word for."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder)
    for file, page in ELSEWHERE.items():
        text = (DOCS / file).read_text(encoding="utf-8")
        (folder / page).write_text(re.sub(r"\]\(docs/", "](", text), encoding="utf-8")
    for path in folder.rglob("*.md"):
        path.write_text(at_home(path.read_text(encoding="utf-8")), encoding="utf-8")
    found = navigation()
    for section in found:
        (folder / section.page).write_text(section_page(section), encoding="utf-8")
    with (folder / INDEX).open("a", encoding="utf-8") as index:
        index.write(contents(section.page for section in found))
    return found


def section_page(section: Section) -> str:
    """Write the page of a section: its text, and each page with its line."""
    lines = [f"# {section.title}", "", section.text, ""]
    lines += [at_home(f"* [{entry.title}]({entry.page}): {entry.line}") for entry in section.entries]
    return "\n".join(lines) + contents(ELSEWHERE.get(entry.page, entry.page) for entry in section.entries)


def at_home(text: str) -> str:
    """Lead links to files outside of docs to their pages."""
    for file, page in ELSEWHERE.items():
        text = text.replace(f"]({file}", f"]({page}")
    return text


def contents(pages: Iterable[str]) -> str:
    """Write a table of contents that is not shown: the theme builds its navigation from it."""
    names = "\n".join(page.removesuffix(".md") for page in pages)
    return f"\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
