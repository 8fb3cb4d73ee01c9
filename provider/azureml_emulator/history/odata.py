"""OData: the small filters of run history, such as ``(Status eq Running) and (Tags/k eq v)``.

Source: azureml-core builds them in _restclient/_odata/runs.py; values are not quoted there, quoted ones are taken as
well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from azureml_emulator.jobs.models import moment

TOKEN = re.compile(r"\s*(?:(?P<open>\()|(?P<close>\))|'(?P<quoted>(?:[^']|'')*)'|(?P<word>[^\s()]+))")
FIELDS = {
    "runid": "runId",
    "status": "status",
    "parentrunid": "parentRunId",
    "rootrunid": "rootRunId",
    "createdutc": "createdUtc",
    "starttimeutc": "startTimeUtc",
    "endtimeutc": "endTimeUtc",
    "target": "target",
    "runtype": "runType",
    "displayname": "displayName",
    "hidden": "hidden",
    "name": "name",
}
TIMES = frozenset({"createdUtc", "startTimeUtc", "endTimeUtc"})

Test = Callable[[Mapping[str, Any]], bool]


class FilterError(ValueError):
    """A filter that cannot be read; the text names the place."""


def parse_filter(text: str) -> Test:
    """A filter as a test of one run.

    :raises FilterError: it cannot be read, or names an unknown field.
    """
    tokens = [(token_type, value) for token_type, value in scan(text)]
    if not tokens:
        return lambda run: True
    test, rest = parse_or(tokens)
    if rest:
        raise FilterError(f"The filter {text!r} has {rest[0][1]!r} behind its end.")
    return test


def scan(text: str) -> list[tuple[str, str]]:
    """The filter's words and brackets."""
    found, position = [], 0
    while text[position:].strip():
        match = TOKEN.match(text, position)
        if match is None:
            raise FilterError(f"The filter {text!r} cannot be read from {text[position:]!r}.")
        token_type = str(match.lastgroup)
        found.append((token_type, match[token_type].replace("''", "'")))
        position = match.end()
    return found


Tokens = list[tuple[str, str]]


def parse_or(tokens: Tokens) -> tuple[Test, Tokens]:
    """Terms joined by ``or``."""
    left, rest = parse_and(tokens)
    while rest and rest[0][0] == "word" and rest[0][1].lower() == "or":
        right, rest = parse_and(rest[1:])
        left = either(left, right)
    return left, rest


def parse_and(tokens: Tokens) -> tuple[Test, Tokens]:
    """Terms joined by ``and``."""
    left, rest = parse_term(tokens)
    while rest and rest[0][0] == "word" and rest[0][1].lower() == "and":
        right, rest = parse_term(rest[1:])
        left = both(left, right)
    return left, rest


def parse_term(tokens: Tokens) -> tuple[Test, Tokens]:
    """A bracket, or one comparison."""
    if tokens and tokens[0][0] == "open":
        test, rest = parse_or(tokens[1:])
        if not rest or rest[0][0] != "close":
            raise FilterError("The filter lacks a closing parenthesis.")
        return test, rest[1:]
    if len(tokens) < 3:
        raise FilterError("The filter is incomplete. A comparison has a field, an operator and a value.")
    return comparison(tokens[0][1], tokens[1][1].lower(), tokens[2]), tokens[3:]


def both(left: Test, right: Test) -> Test:
    """Both tests hold."""
    return lambda run: left(run) and right(run)


def either(left: Test, right: Test) -> Test:
    """One of the tests holds."""
    return lambda run: left(run) or right(run)


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "ge": lambda left, right: left is not None and bool(left >= right),
    "gt": lambda left, right: left is not None and bool(left > right),
    "le": lambda left, right: left is not None and bool(left <= right),
    "lt": lambda left, right: left is not None and bool(left < right),
}


def comparison(name: str, operator: str, token: tuple[str, str]) -> Test:
    """One comparison: a field, an operator, a value; ``null`` without quotes means absent."""
    if operator not in COMPARE:
        raise FilterError(f"{operator!r} is not an operator. Accepted: {', '.join(COMPARE)}.")
    compare = COMPARE[operator]
    wanted: Any = None if token == ("word", "null") else token[1]
    bag, slash, key = name.partition("/")
    if slash:
        if bag.lower() not in ("tags", "properties"):
            raise FilterError(
                f"{name!r} is not a field of a run. Accepted: {', '.join(FIELDS)}, tags/<k>, properties/<k>."
            )
        # "(Tags/k ne null or Tags/k eq null)" is how azureml-core asks for those that have the tag.
        return lambda run: key in (run.get(bag.lower()) or {}) and compare(run[bag.lower()][key], wanted)
    field = FIELDS.get(name.lower())
    if field is None:
        raise FilterError(f"{name!r} is not a field of a run. Accepted: {', '.join(FIELDS)}, tags/<k>, properties/<k>.")
    if field in TIMES and wanted is not None:
        instant = moment(wanted)
        if instant is None:
            raise FilterError(f"{wanted!r} is not a time such as 2025-01-31T10:00:00Z.")
        return lambda run: compare(moment(run.get(field)), instant)
    if field == "hidden":
        wanted = str(wanted).lower() == "true"
    return lambda run: compare(run.get(field), wanted)
