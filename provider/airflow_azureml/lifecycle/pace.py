"""The pauses between two status requests of a job: short at first, for short jobs, then longer up to an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from airflow_azureml.rest.jobs import Job

Clock = Callable[[], float]
"""Tells epoch seconds."""

Ageing = Literal["job", "wait", "none"]
"""Since when a job grows older: since it was made; since the wait began, for what is waited for begins then (a cancel);
or each look comes after the whole interval."""


class Pace:
    """The pauses between looks: 1, 2, 4, 8 ... seconds, as long as the job has been there already, up to the interval.

    A job's age goes by the service's clock, so a clock that is behind makes it no younger than the wait.

    :param interval: the longest pause, in seconds.
    """

    def __init__(self, clock: Clock, interval: float, ageing: Ageing) -> None:
        self._clock = clock
        self._interval = interval
        self._ageing = ageing
        self._since = clock()

    def pause(self, job: Job | None) -> float:
        """Seconds from a look to the next one.

        :param job: as it was seen; None where the look failed.
        """
        if self._ageing == "none":
            return self._interval
        if self._ageing == "job" and job is not None and job.created_at is not None:
            self._since = min(self._since, job.created_at.timestamp())
        age = max(self._clock() - self._since, 0.0)
        return min(self._interval, 2.0 ** math.floor(math.log2(age + 1)))
