"""Dockerfiles: their instructions, and the commands in those that run something.

Source: the Dockerfile reference, https://docs.docker.com/reference/dockerfile/.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

HEREDOC = re.compile(r"<<-?\s*(['\"]?)(?P<word>\w+)\1")
VARIABLE = re.compile(r"\\\$|\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name in capitals, its text, and the lines of a here-document."""

    name: str
    text: str
    heredoc: tuple[str, ...] = ()

    def __str__(self) -> str:
        line = " ".join(f"{self.name} {self.text}".split())
        return line if len(line) <= 100 else f"{line[:97]}..."

    def words(self) -> list[str]:
        """The words of an instruction such as ``COPY``, without its options; JSON's form as well."""
        text = " ".join(word for word in self.text.split() if not word.startswith("--"))
        if text.startswith("["):
            try:
                return [str(word) for word in json.loads(text)]
            except ValueError:
                return []
        try:
            return shlex.split(text)
        except ValueError:
            return []

    def options(self) -> list[str]:
        """The options of an instruction, which stand in front of its words."""
        return [word for word in self.text.split() if word.startswith("--")]

    def commands(self) -> Iterator[list[str]]:
        """The simple commands of a ``RUN``, each as its words, without redirections."""
        text = re.sub(r"^(?:--\S+\s+)+", "", self.text)
        if text.startswith("["):
            words = self.words()
            if words[1:2] == ["-c"] and words[2:]:
                yield from simple_commands(words[2])
            elif words:
                yield words
            return
        for line in self.heredoc or (text,):
            yield from simple_commands(line)


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, its continued lines joined."""
    lines = iter(text.splitlines())
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while line.rstrip().endswith("\\"):
            more = (each for each in lines if each.strip() and not each.lstrip().startswith("#"))
            line = f"{line.rstrip()[:-1]} {next(more, '')}"
        name, _, rest = line.strip().partition(" ")
        found = HEREDOC.search(rest) if name.upper() in ("RUN", "COPY", "ADD") else None
        heredoc = []
        if found:
            for each in lines:
                if each.strip() == found["word"]:
                    break
                heredoc.append(each)
        yield Instruction(name.upper(), rest.strip(), tuple(heredoc))


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """A text with the variables of ``ARG`` and ``ENV`` in place; unknown ones stay."""

    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["plain"]
        if not name:
            return match[0]
        return variables.get(name, match["default"] if match["default"] is not None else match[0])

    return VARIABLE.sub(value, text)


def assignments(instruction: Instruction) -> dict[str, str]:
    """The variables that an ``ARG`` or ``ENV`` sets."""
    try:
        words = shlex.split(instruction.text)
    except ValueError:
        return {}
    if words and "=" not in words[0]:
        return {words[0]: " ".join(words[1:])} if instruction.name == "ENV" else {}
    return dict(word.split("=", 1) for word in words if "=" in word)


def simple_commands(line: str) -> Iterator[list[str]]:
    """The simple commands of a shell line; none of one that cannot be read."""
    lexer = shlex.shlex(re.sub(r"(?<=\s)\d(?=[<>])", "", line), posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    command: list[str] = []
    try:
        words = list(lexer)
    except ValueError:
        return
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word[0] in "<>" and not word.strip("<>&|"):
            skip = True
        elif not word.strip(";&|()"):
            if command:
                yield command
            command = []
        else:
            command.append(word)
    if command:
        yield command
