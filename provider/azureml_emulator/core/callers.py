"""Callers: the applications that tokens are issued to, and the one whose request is being answered."""

from __future__ import annotations

import uuid
from contextvars import ContextVar

CALLER: ContextVar[str | None] = ContextVar("caller", default=None)
"""The client id of the application that asks. Whatever a request starts keeps it."""


class Applications:
    """The applications of the tenant: the one of the state directory, and those that were added since the start.

    All have the same secret. Each is a scope of faults: of its requests, and of the jobs that it made.
    """

    def __init__(self, first: str) -> None:
        self._ids = {first}

    def add(self) -> str:
        """Another application; its client id."""
        client_id = str(uuid.uuid4())
        self._ids.add(client_id)
        return client_id

    def knows(self, client_id: str) -> bool:
        """Whether there is an application of this client id."""
        return client_id.lower() in self._ids
