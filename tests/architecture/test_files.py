"""Every file says what it knows, and none tells of the machine it was written on."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.sources import REPOSITORY, kept_files

KEPT = kept_files()

FORBIDDEN = {
    # Put together here, so that this file does not find itself.
    "a path of somebody's machine": r"(?<![\w.$}>-])/(?:"
    + "|".join(["work", "root", "tmp", r"(?:home|Users)/\w+"])
    + ")/",
    "the address of a package registry": "|".join(["pypi" + r"\.org", "python" + r"hosted\.org"]),
    "where packages are to come from": "^--(?:" + "|".join(["index-url", "extra-index-url", "find-links"]) + ")",
}


@pytest.mark.parametrize("name", [name for name in KEPT if name.endswith(".py")])
def test_a_file_says_what_it_knows(name: str) -> None:
    docstring = ast.get_docstring(ast.parse((REPOSITORY / name).read_text()))
    assert docstring, f"{name} begins without a docstring."
    assert docstring[0].isupper() or not docstring[0].isalpha()


@pytest.mark.parametrize("name", KEPT)
def test_no_file_tells_of_the_machine_it_was_written_on(name: str) -> None:
    text = (REPOSITORY / name).read_bytes().decode(errors="replace")
    found = {what: re.search(pattern, text, re.MULTILINE) for what, pattern in FORBIDDEN.items()}
    told = {what: match.group() for what, match in found.items() if match}
    assert not told, f"{name}: {told}"
