"""The site's navigation holds every page, and what is wrong with a site is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from documentation import checks, source
from documentation.navigation import NavigationError, navigation
from tests import REPOSITORY

SPHINX = REPOSITORY / ".venvs" / "docs" / "bin" / "python"


def test_every_page_is_in_one_section() -> None:
    found = navigation()
    assert len(found) >= 4
    assert all(entry.line for section in found for entry in section.entries)


@pytest.mark.parametrize(
    ("index", "fault"),
    [
        ("## A\n\n* [One](one.md): first\n", "docs/two.md is in no section of docs/index.md"),
        ("## A\n\n* [One](one.md): x\n* [Two](two.md): x\n* [3](three.md): x\n", "names three.md, which is not there"),
        ("## A\n\n* [One](one.md): x\n* [Two](two.md): x\n## B\n* [One](one.md): x\n", "names one.md twice"),
    ],
)
def test_a_page_out_of_place_is_told(index: str, fault: str, tmp_path: Path) -> None:
    for name, text in {"index.md": index, "one.md": "# One\n", "two.md": "# Two\n"}.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(NavigationError, match=fault):
        navigation(tmp_path)


def test_the_source_has_a_page_for_each_section_and_the_changelog(tmp_path: Path) -> None:
    sections = source.write(tmp_path / "pages")
    pages = tmp_path / "pages"
    assert all((pages / section.page).is_file() for section in sections)
    assert "](docs/" not in (pages / "changes.md").read_text(encoding="utf-8")
    assert "CHANGELOG.md)" not in "".join(page.read_text(encoding="utf-8") for page in pages.rglob("*.md"))


def test_what_is_wrong_with_a_site_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<script src="https://cdn.example/x.js"></script><link rel="canonical" href="https://x.example/">'
        '<a href="b.html#there">fine</a><a href="b.html#gone">x</a><a href="c.html">x</a><a href="https://x.example">y</a>'
    )
    (tmp_path / "b.html").write_text('<h1 id="there">B</h1><a href="#there">fine</a>')
    (tmp_path / "s.css").write_text('@font-face { src: url("https://fonts.example/f.woff2") }')
    assert checks.faults(tmp_path) == [
        "a.html: loads https://cdn.example/x.js",
        "a.html: b.html#gone has no such heading",
        "a.html: c.html leads nowhere",
        "s.css: loads from another host",
    ]


@pytest.mark.long
@pytest.mark.skipif(not SPHINX.exists(), reason="`make docs` makes the environment")
def test_the_site_is_made_without_a_warning(tmp_path: Path) -> None:
    command = [str(SPHINX), "-m", "documentation", "--output", str(tmp_path)]
    made = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "html" / "searchindex.js").is_file()
