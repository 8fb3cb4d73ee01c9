"""What all workers of a test run need once: one makes it, the others wait."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def one_at_a_time(made: Path) -> Iterator[None]:
    """Let one process look for a file or folder, and make it where it is missing, and all others wait for that.

    :param made: its place; beside it lies the lock.
    """
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
