"""The clock: what time it is, and how the service writes it."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(timezone.utc)


def stamp(moment: datetime) -> str:
    """A moment as most of the service's answers write it: seven digits of a second and ``+00:00``.

    Source: recorded answers, such as ``2023-04-19T21:23:47.2767952+00:00``.
    """
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "0+00:00"
