"""Answers that a client gives again from memory: what a workspace's datastores are, and how to enter them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from airflow_azureml.rest.flow import Call

MOST = 1000
"""Answers that one client keeps."""


class KeptAnswers:
    """Answers by what was asked. Threads may share it: of two that ask at the same time, both do.

    :param clock: seconds, of which only differences count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[str, tuple[float, Any]] = {}

    def find(self, call: Call[Any]) -> tuple[Any, ...]:
        """The answer in a tuple; an empty one where the call must be sent."""
        if not call.kept_for or call.anew:
            return ()
        until, answer = self._answers.get(_key(call), (0.0, None))
        return (answer,) if self._clock() < until else ()

    def keep(self, call: Call[Any], answer: Any) -> None:
        """Keep an answer for as long as its call allows."""
        if not call.kept_for:
            return
        now = self._clock()
        if len(self._answers) >= MOST:
            self._answers = {key: row for key, row in list(self._answers.items()) if now < row[0]}
        if len(self._answers) < MOST:
            self._answers[_key(call)] = (now + call.kept_for, answer)


def _key(call: Call[Any]) -> str:
    return json.dumps([call.method, call.plane.value, call.path, dict(call.query), call.body], sort_keys=True)
