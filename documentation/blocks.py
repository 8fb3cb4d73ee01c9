"""The code blocks of the pages: where each stands, what language it is in, and what is wrong with it."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^( *)```([\w-]*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A piece of code as a page shows it, without the page's indentation."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path, root: Path) -> Iterator[Block]:
    """Give the code blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page.relative_to(root).as_posix(), line, found[2], textwrap.dedent(found[3]))


def commands(block: Block) -> Iterator[list[str]]:
    """Give the commands of a shell's block as lists of words, without comments; lines that go on are one command."""
    text = re.sub(r"\\\n\s*", " ", block.text)
    text = re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE)
    # What is computed by another command is one word here.
    text = re.sub(r"\"\$\([^\n]*?\)([^\"\n]*)\"", "COMPUTED", text)
    words: list[str] = []
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|\n")
    lexer.whitespace = " \t"
    lexer.commenters = ""
    for word in lexer:
        if set(word) <= set(";&|\n"):
            if words:
                yield words
            words = []
        else:
            words.append(word)
    if words:
        yield words
