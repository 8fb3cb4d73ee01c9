"""Searching runs: MLflow's filter and order expressions, read and applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

Facts = Mapping[str, Mapping[str, Any]]
"""What a run shows: ``metric``, ``param``, ``tag`` and ``attribute``, each a mapping of names to values."""

SECTIONS = {
    "metric": "metric",
    "metrics": "metric",
    "param": "param",
    "params": "param",
    "parameter": "param",
    "parameters": "param",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "run": "attribute",
}
KEY = r"(?:(\w+)\.)?(?:`([^`]+)`|\"([^\"]+)\"|([\w./-]+))"
VALUE = r"('(?:[^']*)'|\"(?:[^\"]*)\"|-?[\d.]+(?:[eE][+-]?\d+)?|\([^)]*\))"
CONDITION = re.compile(rf"\s*{KEY}\s*(!=|>=|<=|=|>|<|I?LIKE\b|IN\b|NOT IN\b)\s*{VALUE}\s*", re.I)
ORDER = re.compile(rf"\s*{KEY}(?:\s+(ASC|DESC))?\s*", re.I)


class SearchError(ValueError):
    """An expression that cannot be read."""


@dataclass(frozen=True)
class Condition:
    """One comparison; a run that lacks the value does not fulfil it."""

    section: str
    key: str
    operator: str
    value: Any

    def holds(self, facts: Facts) -> bool:
        """Whether a run fulfils it."""
        actual = facts[self.section].get(self.key)
        if actual is None:
            return False
        try:
            return OPERATORS[self.operator](actual, self.value)
        except TypeError:
            return False


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda actual, value: bool(actual == value),
    "!=": lambda actual, value: bool(actual != value),
    ">": lambda actual, value: bool(actual > value),
    ">=": lambda actual, value: bool(actual >= value),
    "<": lambda actual, value: bool(actual < value),
    "<=": lambda actual, value: bool(actual <= value),
    "LIKE": lambda actual, value: is_like(actual, value, 0),
    "ILIKE": lambda actual, value: is_like(actual, value, re.IGNORECASE),
    "IN": lambda actual, value: actual in value,
    "NOT IN": lambda actual, value: actual not in value,
}


def is_like(actual: Any, pattern: str, flags: int) -> bool:
    """SQL's LIKE: ``%`` is any text, ``_`` any character."""
    escaped = re.sub(r"([*?\[])", r"[\1]", pattern).replace("%", "*").replace("_", "?")
    return re.fullmatch(translate(escaped), str(actual), flags) is not None


def read_filter(text: str) -> list[Condition]:
    """Comparisons joined by AND. Source: MLflow documentation, Search Runs.

    :raises SearchError: naming what cannot be read.
    """
    conditions: list[Condition] = []
    rest = text.strip()
    while rest:
        match = CONDITION.match(rest)
        if not match:
            raise SearchError(f"Invalid filter string: {text!r}; not readable from {rest!r}.")
        conditions.append(condition(match))
        rest = rest[match.end() :]
        joint = re.match(r"AND\s+", rest, re.I)
        if rest and not joint:
            raise SearchError(f"Invalid filter string: {text!r}; comparisons are joined by AND.")
        rest = rest[joint.end() :] if joint else ""
    return conditions


def condition(match: re.Match[str]) -> Condition:
    """A comparison from its parts."""
    section, key = section_and_key(match)
    operator, value = match[5].upper(), read_value(match[6])
    if section in ("param", "tag") and isinstance(value, int | float):
        raise SearchError(f"Expected a quoted string value for {section} {key!r}.")
    return Condition(section, key, operator, value)


def section_and_key(match: re.Match[str]) -> tuple[str, str]:
    """Where a key is looked up; without a word in front it is an attribute."""
    word, key = match[1] or "attribute", match[2] or match[3] or match[4]
    if not (match[1] or key.isidentifier()):
        raise SearchError(f"Invalid key {key!r}. Accepted: an attribute's name, or metrics., params., tags. and a key.")
    if word.lower() not in SECTIONS:
        raise SearchError(f"Invalid entity type {word!r}. Accepted: {', '.join(SECTIONS)}.")
    aliases = {"run_uuid": "run_id", "Created": "start_time", "created": "start_time"}
    return SECTIONS[word.lower()], aliases.get(key, key)


def read_value(text: str) -> Any:
    """A quoted text, a number, or a list of quoted texts."""
    if text[0] in "'\"":
        return text[1:-1]
    if text[0] == "(":
        return re.findall(r"['\"]([^'\"]*)['\"]", text)
    try:
        return float(text)
    except ValueError:
        raise SearchError(f"{text!r} is not a number.") from None


def ordered(rows: list[Any], facts: Callable[[Any], Facts], order_by: list[str]) -> list[Any]:
    """Rows in the requested order, by default the newest first; those without the value come last.

    :raises SearchError: naming the expression that cannot be read.
    """
    newest_first = sorted(rows, key=lambda row: facts(row)["attribute"]["start_time"], reverse=True)
    return in_order(newest_first, facts, order_by)


def in_order(rows: list[Any], facts: Callable[[Any], Facts], order_by: list[str]) -> list[Any]:
    """Rows in the requested order, equal ones as they were; those without the value come last.

    :raises SearchError: naming the expression that cannot be read.
    """
    result = list(rows)
    for expression in reversed(order_by):
        match = ORDER.fullmatch(expression)
        if not match:
            raise SearchError(f"Invalid order_by clause {expression!r}.")
        section, key = section_and_key(match)
        result = by_value([(facts(row)[section].get(key), row) for row in result], (match[5] or "").upper() == "DESC")
    return result


def by_value(rows: list[tuple[Any, Any]], descending: bool) -> list[Any]:
    """The second of each pair, in the order of the first; those whose first is None come last."""
    with_value = sorted((pair for pair in rows if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in [*with_value, *(pair for pair in rows if pair[0] is None)]]
