"""The service's times: one parser for all of them, and one spelling for those we write.

The service writes up to seven digits of a second (``2023-04-19T21:23:36.5867466+00:00``, recorded job answers), which
``datetime.fromisoformat`` of Python 3.10 refuses, as it refuses ``Z``.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_azureml.rest.flow import Reply

_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d+))?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)

_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def parse(text: str) -> datetime:
    """Read one of the service's times as an aware datetime in UTC; digits beyond microseconds are cut off.

    A time without a zone is taken as UTC, as all of the service's times are.

    :raises ValueError: the text is not such a time.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a time in ISO 8601.") from None
    moment = datetime.fromisoformat(f"{found['date']}T{found['clock']}")
    micros = int((found["fraction"] or "").ljust(6, "0")[:6])
    return moment.replace(microsecond=micros, tzinfo=timezone.utc) - _offset(found["zone"])


def parse_optional(value: object) -> datetime | None:
    """Read a time from an answer where it may be missing; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        return parse(value)
    except ValueError:
        return None


def iso(moment: datetime) -> str:
    """Write an aware datetime as ISO 8601 in UTC, such as ``2025-01-31T10:00:00.500000+00:00``.

    :raises ValueError: the datetime has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone.") from None
    return moment.astimezone(timezone.utc).isoformat()


def seconds_of(duration: object) -> float | None:
    """Read a length of time such as ``PT1M40S`` or ``P1DT2H``; None for anything else, months and years included."""
    parts = _DURATION.fullmatch(duration.strip()) if isinstance(duration, str) else None
    if parts is None or not any(parts.groups()):
        return None
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds


def retry_after(reply: Reply) -> float | None:
    """Seconds that an answer asks to wait: ``Retry-After`` as a number, or as a date beside its own ``Date``."""
    value = reply.header("Retry-After")
    if value is None:
        return None
    if re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value):
        return max(float(value), 0.0)
    try:
        until, now = parsedate_to_datetime(value), parsedate_to_datetime(reply.header("Date") or "")
        return max((until - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone.upper() == "Z":
        return timedelta()
    sign = -1 if zone[0] == "-" else 1
    return sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
