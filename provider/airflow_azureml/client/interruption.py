"""Pauses of a synchronous run, which its stop event ends."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar

STOP: ContextVar[threading.Event | None] = ContextVar("azureml_stop", default=None)
"""The stop event of the run that goes on in this thread."""


class Interrupted(Exception):
    """The event given to ``run(stop=)`` was set: in a pause, or before something new was begun; the flow was closed."""


def pause(seconds: float) -> None:
    """Wait in the calling thread: between looks, and before azure-core repeats a request.

    :raises Interrupted: the run's stop event was set.
    """
    stop = STOP.get()
    if stop is None:
        time.sleep(max(seconds, 0.0))
    elif stop.wait(seconds):
        raise Interrupted("The wait was interrupted.")
