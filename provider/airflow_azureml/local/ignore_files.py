"""Ignore files of folders to upload: ``.amlignore``, else ``.gitignore``, as Microsoft's client reads them.

Not quite as git does: only a file in the root counts, white space at either end of a line never does, a bracket without
an end is a letter, ``[^a]`` is a set with ``^`` in it, and a folder that is left out takes with it only what patterns
match. The hashes of a folder hang on each of these. Source: azure-ai-ml 1.35.2, ``_utils/_asset_utils.py``,
``_utils/_pathspec.py`` and ``entities/_component/code.py``; run side by side on random patterns and folders.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pathspec.pattern import RegexPattern

from airflow_azureml.local.plain_files import check_plain

IGNORE_FILES = (".amlignore", ".gitignore")
"""The first of these in the root of a folder counts, alone."""

COMPONENT = ("__pycache__",)
"""What is left out of the code of a component besides."""


class Pattern(RegexPattern):
    """A line of an ignore file; its ``include`` is None for one that says nothing.

    Every release of pathspec reads some lines in a way of its own, so they are read here.
    """

    @classmethod
    def pattern_to_regex(cls, pattern: Any) -> tuple[Any, bool | None]:
        """Write a line as a regular expression; the second value is False for one that begins with ``!``.

        :raises ValueError: the line cannot be read as a pattern.
        """
        text = pattern.strip()
        if not text or text[0] == "#" or text == "/":
            return None, None
        leaves_out = text[0] != "!"
        return _path(text if leaves_out else text[1:]), leaves_out


def pattern(line: str) -> Pattern:
    """Read a line.

    :raises ValueError: it cannot be read as a pattern.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of brackets in brackets
            return Pattern(line)
    except (ValueError, re.error) as error:
        raise ValueError(f"{line.strip()!r} is not a pattern: {error}") from None


def _path(text: str) -> str:
    """Write a pattern as a regular expression for paths relative to the root."""
    parts: list[str] = []
    for part in text.split("/"):
        if part != "**" or parts[-1:] != ["**"]:
            parts.append(part)
    if parts == ["**", ""]:
        return "^.+/.*$"
    if not parts[0]:
        del parts[0]
    elif parts[0] != "**" and not "".join(parts[1:]) and len(parts) <= 2:
        parts.insert(0, "**")
    if not parts:
        raise ValueError("it is empty")
    if not parts[-1] and len(parts) > 1:
        parts[-1] = "**"
    return f"^{_parts(parts)}$"


def _parts(parts: list[str]) -> str:
    last = len(parts) - 1
    if parts == ["**"]:
        return ".+"
    found = ""
    for at, part in enumerate(parts):
        if part == "**":
            found += "(?:.+/)?" if at == 0 else "/.*" if at == last else "(?:/.+)?"
            continue
        if at and not (at == 1 and parts[0] == "**"):
            found += "/"
        found += "[^/]+" if part == "*" else _name(part)
        if at == last:
            found += "(?:/.*)?"
    return found


def _name(part: str) -> str:
    """Write one part of a pattern as a regular expression."""
    found, at = "", 0
    while at < len(part):
        letter = part[at]
        at += 1
        if letter == "\\":
            if at == len(part):
                raise ValueError("it ends in a backslash")
            found += re.escape(part[at])
            at += 1
        elif letter in "*?":
            found += "[^/]*" if letter == "*" else "[^/]"
        elif letter == "[" and (end := _bracket(part, at)):
            inner = part[at : end - 1].replace("\\", "\\\\")
            if inner.startswith(("!", "^")):
                inner = ("^" if inner[0] == "!" else "\\^") + inner[1:]
            found += f"[{inner}]"
            at = end
        else:
            found += re.escape(letter)
    return found


def _bracket(part: str, start: int) -> int:
    """Find where a bracket ends that begins before ``start``; 0 when it does not."""
    at = start + (part[start : start + 1] == "!")
    return part.find("]", at + (part[at : at + 1] == "]")) + 1


@dataclass(frozen=True)
class Ignore:
    """The patterns of a folder's ignore file, later ones overruling earlier ones.

    :param base: the folder that paths are relative to.
    """

    base: str
    patterns: tuple[Pattern, ...] = ()

    def excludes(self, path: str) -> bool:
        """Whether a file or folder is left out."""
        if not self.patterns:
            return False
        name = os.path.relpath(path, self.base)
        matched = False
        for found in self.patterns:
            if found.regex is not None and found.include != matched and found.regex.match(name):
                matched = bool(found.include)
        return matched

    def of(self, base: str) -> Ignore:
        """Apply the same patterns to another folder."""
        return Ignore(base, self.patterns)


def read(folder: str, component: bool = False, real: str | None = None) -> Ignore:
    """Read the ignore file of a folder.

    :param component: the folder is the code of a component, from which more is left out.
    :param real: the folder with its links resolved, where that is at hand.
    :raises ValueError: the file cannot be read, or a line of it.
    """
    paths = (os.path.join(folder, name) for name in IGNORE_FILES)
    file = next((path for path in paths if os.path.exists(path)), None)
    if component:
        return patterns(os.path.abspath(folder), file, COMPONENT)
    # Where the file is a link, its patterns go for the folder that it leads to, but not in components.
    return patterns(os.path.dirname(os.path.realpath(file)) if file else real or os.path.realpath(folder), file)


def patterns(base: str, file: str | None, more: Iterable[str] = ()) -> Ignore:
    """Read an ignore file.

    :param base: the folder that the patterns go for.
    :param more: patterns that follow those of the file.
    :raises ValueError: the file cannot be read, or a line of it.
    """
    try:
        return Ignore(base, tuple(pattern(line) for line in (*(_lines(file) if file else ()), *more)))
    except ValueError as error:
        raise ValueError(f"{file} cannot be read as an ignore file: {error}") from None


def _lines(path: str) -> list[str]:
    try:
        check_plain(path)
        with open(path, encoding="utf-8-sig") as lines:
            return list(lines)
    except OSError as error:
        raise ValueError(error.strerror) from None
