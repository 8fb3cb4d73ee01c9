"""Who waits for a look, and how many they are."""

from __future__ import annotations

from typing import Any

from airflow_azureml.lifecycle.pacing.groups import Group
from airflow_azureml.rest.flow import Look


class Ticket:
    """A look that somebody waits for.

    :param waiter: who waits; of no interest here.

    ``group``: those who may share a request. ``due``: when it is wanted. ``ready``: from when on a request may take it
    along. ``latest``: when it cannot be put off any more, or None. ``missed``: answers in a row that did not show it.
    ``place``: in the queue; 0 while it is not in it. ``name``: the job's. ``interval``: seconds between two looks, at
    most.
    """

    __slots__ = (
        *("due", "experiment", "group", "interval", "latest", "look", "missed", "name", "not_before", "place", "ready"),
        "waiter",
    )

    def __init__(self, look: Look, now: float, waiter: Any = None) -> None:
        self.look = look
        self.name = look.job
        self.interval = look.interval or max(look.pause, 1.0)
        self.waiter = waiter
        self.experiment = look.experiment
        self.not_before = now + look.not_before
        self.latest = None if look.latest is None else now + max(look.latest, 0.0)
        self.group: Group = None
        self.due = self.ready = now
        self.missed = 0
        self.place = 0


class Crowd:
    """How many wait (``count``), and what one look at each of them costs.

    ``requests``: that one look at each takes. ``rate``: looks in a second, were each looked at once in its interval.
    """

    def __init__(self, chunk: int) -> None:
        self.chunk = chunk
        self.sizes: dict[Group, int] = {}
        self.count = 0
        self.requests = 0.0
        self.rate = 0.0

    def change(self, ticket: Ticket, by: int) -> None:
        """Count somebody in (1) or out (-1)."""
        group, sizes = ticket.group, self.sizes
        old = sizes.get(group, 0)
        new = sizes[group] = old + by
        self.requests += self._cost(group, new) - self._cost(group, old)
        self.rate += by / ticket.interval
        self.count += by
        if not new:
            del sizes[group]
            if not sizes:
                self.requests = self.rate = 0.0

    def copy(self) -> Crowd:
        """Make a copy, for a chunk of the present size."""
        other = Crowd(self.chunk)
        other.sizes, other.count = dict(self.sizes), self.count
        other.requests, other.rate = self.requests, self.rate
        return other

    def resize(self, chunk: int) -> None:
        """Count anew for requests of another size."""
        self.chunk = chunk
        self.requests = sum(self._cost(group, size) for group, size in self.sizes.items())

    def _cost(self, group: Group, size: int) -> float:
        if group is None or not size:
            return size
        return size / self.chunk if size > self.chunk else 1.0
