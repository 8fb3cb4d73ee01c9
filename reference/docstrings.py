"""Docstrings as Markdown: what is said, parameter by parameter, and what is given back."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FIELD = re.compile(r"^:(?P<kind>param|return|raises) ?(?P<name>[^:]*):", re.MULTILINE)
PAGE = re.compile(r"`docs/(?P<name>[\w-]+)\.md`")


@dataclass(frozen=True)
class Docstring:
    """What a docstring says, as Markdown.

    :param text: everything before the fields, in paragraphs.
    :param parameters: what is said of each, by name.
    :param returns: what is given back; empty where nothing is said.
    :param raises: what is said of each exception, by name.
    """

    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    returns: str = ""
    raises: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first sentence or two: the first paragraph."""
        return self.text.partition("\n\n")[0]


def read(docstring: str | None) -> Docstring:
    """Read a docstring with ``:param x:``, ``:return:`` and ``:raises X:``."""
    text = inspect.cleandoc(docstring or "")
    fields = list(FIELD.finditer(text))
    ends = [*(found.start() for found in fields[1:]), len(text)]
    said: dict[str, dict[str, str]] = {"param": {}, "return": {}, "raises": {}}
    for found, end in zip(fields, ends, strict=False):
        said[found["kind"]][found["name"]] = markdown(text[found.end() : end])
    head = markdown(text[: fields[0].start()] if fields else text)
    return Docstring(head, said["param"], said["return"].get("", ""), said["raises"])


def markdown(text: str) -> str:
    """Write a text of docstrings as Markdown: one line a paragraph or list entry, code in single backticks."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    lines = (re.sub(r"\s*\n\s*(?!\s*\* )", " ", paragraph).strip() for paragraph in paragraphs)
    return PAGE.sub(link, "\n\n".join(lines).replace("``", "`"))


def link(page: re.Match[str]) -> str:
    """Lead to a page of docs, from one in docs/reference."""
    return f"[{page['name'].replace('-', ' ').capitalize()}](../{page['name']}.md)"
