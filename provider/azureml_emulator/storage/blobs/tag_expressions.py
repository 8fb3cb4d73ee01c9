"""Expressions about the index tags of blobs: what ``x-ms-if-tags`` asks of one, and which ones are looked for.

Source: https://learn.microsoft.com/azure/storage/blobs/storage-manage-find-blobs, the operators of both kinds, and
https://learn.microsoft.com/rest/api/storageservices/find-blobs-by-tags. A comparison with a tag that a blob has not
does not hold, ``<>`` neither, as in Microsoft's Azurite 3.35. Parentheses are in neither page and are refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

CONTAINER = "@container"
"""What stands for a blob's container where blobs of the whole account are looked for."""

MOST = 10
"""Tags that one search may name. Source: Microsoft's Azurite 3.35."""

OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
"""All compare texts: digits come before capitals, and these before small letters."""

RESERVED = ("and", "or", "year", "month")
"""Words that name a tag only in quotes; the service may have more. Source: Azure/azure-sdk-for-net#18226."""

RANGES = ({">", "<"}, {">", "<="}, {">=", "<"}, {">=", "<="})
"""Operators of two comparisons with the same tag in one search."""

TOKEN = re.compile(
    r"""\s*(?:(?P<name>"(?:[^"]|"")+")|(?P<value>'(?:[^']|'')*')|(?P<sign><>|>=|<=|=|>|<)|(?P<word>@?[A-Za-z_]\w*))""",
    re.ASCII,
)


class ExpressionError(ValueError):
    """A text that is no expression of its kind; says where, in the service's words
    (Azure/azure-sdk-for-net#18226)."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"Error parsing query at or near character position {position + 1}: {what}")


class Comparison(NamedTuple):
    """One comparison of a tag, or of the container."""

    name: str
    sign: str
    value: str

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether it is so for a blob with these tags."""
        return self.name in tags and OPERATORS[self.sign](tags[self.name], self.value)


class Expression(NamedTuple):
    """Comparisons all of which have to hold, and other such comparisons instead."""

    alternatives: tuple[tuple[Comparison, ...], ...]

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether it is so for a blob with these tags."""
        return any(all(each.holds(tags) for each in alternative) for alternative in self.alternatives)

    @property
    def names(self) -> set[str]:
        """The tags that it is about."""
        return {each.name for alternative in self.alternatives for each in alternative}


class Token(NamedTuple):
    """A part of an expression.

    :param kind: ``name`` and ``value`` are quoted, ``sign`` is an operator, ``word`` anything else.
    """

    position: int
    kind: str
    text: str


@lru_cache(256)
def condition(text: str) -> Expression:
    """The condition that ``x-ms-if-tags`` says.

    :raises ExpressionError: it is none.
    """
    return parse(text, joints=("and", "or"), names=())


@lru_cache(256)
def search(text: str, *, anywhere: bool) -> Expression:
    """What a search for blobs says.

    :param anywhere: it is one in the whole account, which may name the container.
    :raises ExpressionError: it is none.
    """
    found = parse(text, joints=("and",), names=(CONTAINER,) if anywhere else ())
    (comparisons,) = found.alternatives
    for name in found.names:
        signs = [each.sign for each in comparisons if each.name == name]
        if "<>" in signs or (name == CONTAINER and signs != ["="]):
            raise ExpressionError(0, "the operator is not supported here")
        if len(signs) > 1 and (len(signs) > 2 or set(signs) not in RANGES):
            raise ExpressionError(0, "can't have multiple conditions for a single tag unless they define a range")
    if not 1 <= len(found.names - {CONTAINER}) <= MOST:
        raise ExpressionError(0, f"there are 1 to {MOST} unique tags in a query")
    return found


def parse(text: str, *, joints: Sequence[str], names: Sequence[str]) -> Expression:
    """Read an expression.

    :param joints: the words that may stand between comparisons.
    :param names: what may be compared beside tags.
    """
    alternatives: list[list[Comparison]] = [[]]
    tokens = list(split(text))
    for start in range(0, max(len(tokens), 1), 4):
        parts = [*tokens[start : start + 3], *[Token(len(text), "end", "")] * 3][:3]
        alternatives[-1].append(comparison(parts, names))
        for joint in tokens[start + 3 : start + 4]:
            if joint.kind != "word" or joint.text.lower() not in joints or start + 4 == len(tokens):
                raise ExpressionError(joint.position, f"unexpected '{joint.text}'")
            if joint.text.lower() == "or":
                alternatives.append([])
    return Expression(tuple(map(tuple, alternatives)))


def comparison(parts: Sequence[Token], names: Sequence[str]) -> Comparison:
    """Three tokens as a comparison."""
    name, sign, value = parts
    key = unquoted(name.text) if name.kind == "name" else name.text
    if (name.kind == "word" and key.lower() in RESERVED) or (key.startswith("@") and key not in names):
        raise ExpressionError(name.position, f"unexpected '{name.text}'")
    for part, kinds in ((name, ("name", "word")), (sign, ("sign",)), (value, ("value",))):
        if part.kind not in kinds:
            raise ExpressionError(part.position, f"unexpected '{part.text}'")
    return Comparison(key, sign.text, unquoted(value.text))


def unquoted(text: str) -> str:
    """A quoted text; a quote in it is doubled."""
    return text[1:-1].replace(text[0] * 2, text[0])


def split(text: str) -> Iterator[Token]:
    """The tokens of an expression."""
    position, end = 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if not match or not match.lastgroup:
            raise ExpressionError(position, f"unexpected '{text[position:].split()[0]}'")
        yield Token(match.start(match.lastgroup), match.lastgroup, match[match.lastgroup])
        position = match.end()
