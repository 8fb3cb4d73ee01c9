"""Every file says what it knows, and none tells of the machine it was written on."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator

from tests import REPOSITORY, workers
from tests.architecture.sources import kept_files

FORBIDDEN = {
    # Put together here, so that this file does not find itself.
    "a path of somebody's machine": r"(?<![\w.$}>-])/(?:"
    + "|".join(["work", "root", "tmp", r"(?:home|Users)/\w+"])
    + ")/",
    "the address of a package registry": "|".join(["pypi" + r"\.org", "python" + r"hosted\.org"]),
    "where packages are to come from": "^--(?:" + "|".join(["index-url", "extra-index-url", "find-links"]) + ")",
}


def test_each_file_says_what_it_knows() -> None:
    silent = [name for name in kept_files() if name.endswith(".py") and not tells(name)]
    assert not silent, "Without a docstring that begins with a capital letter:\n" + "\n".join(silent)


def tells(name: str) -> bool:
    """Whether a Python file begins with a docstring, and that as a sentence does; only so much of it is read."""
    with tokenize.open(REPOSITORY / name) as file:
        tokens = tokenize.generate_tokens(file.readline)
        begun = next(token for token in tokens if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE))
    text = begun.string if begun.type == tokenize.STRING else ""
    first = (ast.get_docstring(ast.parse(text)) or "")[:1]
    return first.isupper() or (first != "" and not first.isalpha())


def test_no_file_tells_of_the_machine_it_was_written_on() -> None:
    told = [f"{name}: {what}: {text}" for name in kept_files() for what, text in told_by(name)]
    assert not told, "\n".join(told)


def told_by(name: str) -> Iterator[tuple[str, str]]:
    """What a file tells of a machine: the kind, and the words."""
    text = (REPOSITORY / name).read_bytes().decode(errors="replace")
    for what, pattern in FORBIDDEN.items():
        if match := re.search(pattern, text, re.MULTILINE):
            yield what, match.group()


def test_tests_that_are_dealt_out_first_or_together_are_there() -> None:
    named = [*workers.GROUPS, *(name for name in workers.FIRST if name not in workers.GROUPS.values())]
    assert [name for name in named if not (REPOSITORY / name).exists()] == []
