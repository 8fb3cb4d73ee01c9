"""A report: what a job's script tells its task, in a file or in MLflow tags; and what of it is refused, and why.

    {"xcom": {"rows": 1200}, "note": "1,200 rows, none refused", "asset_extra": {"rows": 1200}}

The job has ended, so that nothing in a report is an error: what cannot be taken is left out and told. A part that is
right is not lost with one that is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.lifecycle.reports.values import UnfitError, fit
from airflow_azureml.rest.redaction import redact

FILE = "outputs/airflow.json"
"""Where a script leaves its report: the service keeps what is written into ``./outputs`` with the run."""

TAGS = "airflow."
"""The tags of a run that are a report begin with this: ``airflow.xcom.rows``, ``airflow.note``,
``airflow.asset_extra.rows``."""

MOST_BYTES = 64 * 1024
"""The size of a file that is read, and of all tags of a report together."""

MOST_KEYS = 50
"""Of a report, in ``xcom`` and in ``asset_extra`` each: a key of XCom takes the worker a request."""

LONGEST_NOTE = 1000
"""Letters of a note that Airflow keeps (``task_instance_note.content``)."""

XCOM, NOTE, ASSET_EXTRA = "xcom", "note", "asset_extra"
KEYS = (XCOM, NOTE, ASSET_EXTRA)

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")

Complain = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """What a job tells its task; empty where it tells nothing.

    :param xcoms: values by their keys in XCom.
    :param note: for people, shown with the task.
    :param asset_extra: added to the extra of each asset event of the task.
    """

    xcoms: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    asset_extra: Mapping[str, Any] = field(default_factory=dict)

    def over(self, other: Report) -> Report:
        """Both reports in one; where they contradict each other, this one holds."""
        return Report({**other.xcoms, **self.xcoms}, self.note or other.note, {**other.asset_extra, **self.asset_extra})


def from_bytes(content: bytes, complain: Complain) -> Report:
    """Read the file.

    :param complain: told what is left out, and why.
    """
    try:
        given = json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        complain(f"it is no JSON: {redact(str(error))[:200]}")
        return Report()
    if not isinstance(given, Mapping):
        complain(f"it holds no object with {', '.join(KEYS)}")
        return Report()
    for key in given:
        if key not in KEYS:
            complain(f"{_shown(key)} is not known. Accepted: {', '.join(KEYS)}")
    values = {key: _values(key, given.get(key), complain) for key in (XCOM, ASSET_EXTRA)}
    return Report(values[XCOM], _note(given.get(NOTE), complain), values[ASSET_EXTRA])


def from_tags(tags: Mapping[str, str], complain: Complain) -> Report:
    """Read the tags of a run; all values are texts, as MLflow has no others."""
    ours = {name[len(TAGS) :]: text for name, text in tags.items() if name.startswith(TAGS)}
    if sum(map(len, ours.values())) > MOST_BYTES:
        complain(f"they hold more than {MOST_BYTES:,} letters")
        return Report()
    parts: dict[str, dict[str, str]] = {XCOM: {}, ASSET_EXTRA: {}}
    for name, text in ours.items():
        part, _, key = name.partition(".")
        if part in parts and key:
            parts[part][key] = text
        elif name != NOTE:
            complain(f"{_shown(TAGS + name)} is not known. Accepted: {TAGS}xcom.KEY, {TAGS}note, {TAGS}asset_extra.KEY")
    values = {part: _values(part, given, complain) for part, given in parts.items()}
    return Report(values[XCOM], _note(ours.get(NOTE), complain), values[ASSET_EXTRA])


def _values(part: str, given: Any, complain: Complain) -> dict[str, Any]:
    """What can be kept of the values by key."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        complain(f"{part} is no object")
        return {}
    found: dict[str, Any] = {}
    for key, value in given.items():
        if not _KEY.fullmatch(key):
            complain(f"{part}.{_shown(key)} is left out: a key has up to 200 letters, digits and . _ -")
        elif len(found) == MOST_KEYS:
            complain(f"{part} has more than {MOST_KEYS} keys, the others are left out")
            break
        else:
            try:
                found[key] = fit(value)
            except UnfitError as error:
                complain(f"{part}.{key} is left out: {error}")
    return found


def _note(given: Any, complain: Complain) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str):
        complain("note is no text")
        return None
    try:
        text = str(fit(given)).strip()
    except UnfitError as error:
        complain(f"note is left out: {error}")
        return None
    if len(text) > LONGEST_NOTE:
        complain(f"note has {len(text):,} letters and is cut to {LONGEST_NOTE:,}")
        text = f"{text[: LONGEST_NOTE - 1]}…"
    return text or None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _shown(key: str) -> str:
    """A key as a message shows it, in quotes: never long, never a secret."""
    return repr(redact(key[:60]))


def without(report: Report, taken: Iterable[str], complain: Complain) -> Report:
    """The report without keys that are another XCom's."""
    names = set(taken)
    for key in sorted(names & set(report.xcoms)):
        complain(f"xcom.{key} is left out: the task has another XCom of that name")
    return Report(
        {key: value for key, value in report.xcoms.items() if key not in names}, report.note, report.asset_extra
    )
