"""The clock: what time it is, how the service writes it, and how fast statuses move."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timezone


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(timezone.utc)


def stamp(moment: datetime) -> str:
    """A moment as most of the service's answers write it: seven digits of a second and ``+00:00``.

    Source: recorded answers, such as ``2023-04-19T21:23:47.2767952+00:00``.
    """
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def zulu(moment: datetime) -> str:
    """A moment as ARM's ``systemData`` writes it: the same digits and ``Z``."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}0Z"


@dataclass(frozen=True)
class Clock:
    """How fast statuses move.

    :param pace: seconds that the states before a job's command last together, and those after it.
    :param pause: seconds that an operation on a compute, an endpoint or a deployment takes.
    """

    pace: float = 0.5
    pause: float = 0.05

    async def step(self, share: float) -> None:
        """Wait for this share of the pace."""
        await asyncio.sleep(self.pace * share)
