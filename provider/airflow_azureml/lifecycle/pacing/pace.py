"""The pauses between two looks at a job: short while it may change soon, then longer up to an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import FINISHING

Clock = Callable[[], float]
"""Tells epoch seconds."""

Ageing = Literal["job", "wait", "none"]
"""Since when a job grows older: since it was made; since the wait began, for what is waited for begins then (a cancel);
or each look comes after the whole interval."""


class Pace:
    """The pauses between looks: 1, 2, 4, 8 ... seconds, as long as the job has been there already, up to the interval.

    They begin anew when the job is about to end: the service finalizes it, or it was asked to end. A job's age goes by
    the service's clock, so a clock that is behind makes it no younger than the wait.

    :param interval: the longest pause, in seconds.
    """

    __slots__ = ("_ageing", "_clock", "_finishing_since", "_interval", "_since")

    def __init__(self, clock: Clock, interval: float, ageing: Ageing) -> None:
        self._clock = clock
        self._interval = interval
        self._ageing = ageing
        self._since = clock()
        self._finishing_since: float | None = None

    def pause(self, job: Job | None) -> float:
        """Seconds from a look to the next one.

        :param job: as it was seen; None where the look failed.
        """
        if self._ageing == "none":
            return self._interval
        now = self._clock()
        if job is not None:
            if self._ageing == "job" and job.created_at is not None:
                self._since = min(self._since, job.created_at.timestamp())
            if job.status not in FINISHING:
                self._finishing_since = None
            elif self._finishing_since is None:
                self._finishing_since = now
        age = max(now - (self._since if self._finishing_since is None else self._finishing_since), 0.0)
        return min(self._interval, 2.0 ** math.floor(math.log2(age + 1)))
