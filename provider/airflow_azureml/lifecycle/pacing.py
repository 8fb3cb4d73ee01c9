"""Who is looked at next, when many jobs of one workspace are waited for within one budget of requests.

The law of this file: it decides, and does nothing; time comes in from outside, as seconds of any steady clock.

Looks are asked for with a moment at which they are wanted (``due``). A request takes what is due first, and along with
it what will be due soon, as far as one request may ask for many jobs. Requests lie a whole gap apart, so there are no
bursts, however long nothing was sent. Where requests for many jobs leave room in the budget, all are looked at sooner
than they ask for; where the budget is too small, the pauses of all are stretched to the same length.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

from airflow_azureml.rest.flow import Look

CHUNK = 100
"""Jobs in one request, at first."""

SPARE = 0.6
"""The share of the budget that may be spent on looks that come sooner than asked for."""

SOONER = 3
"""How much sooner than its interval a job may be looked at, as a divisor."""

LONGEST_BACK_OFF = 30.0
"""Seconds for which nothing is sent after failures, at most, unless the service asks for more."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A look that somebody waits for.

    :param group: tickets of one group may share a request; None asks alone.
    :param due: when it is wanted.
    :param ready: from when on a request may take it along.
    :param live: somebody still waits for it.
    """

    name: str
    group: str | None
    interval: float
    due: float
    ready: float
    live: bool = True


class Crowd:
    """How many wait, and what one look at each of them costs.

    ``requests``: that one look at each takes. ``rate``: looks in a second, were each looked at once in its interval.
    """

    def __init__(self, chunk: int) -> None:
        self.chunk = chunk
        self.sizes: dict[str | None, int] = {}
        self.requests = 0.0
        self.rate = 0.0

    def change(self, ticket: Ticket, by: int) -> None:
        """Count somebody in (1) or out (-1)."""
        old = self.sizes.get(ticket.group, 0)
        new = self.sizes[ticket.group] = old + by
        self.requests += self._cost(ticket.group, new) - self._cost(ticket.group, old)
        self.rate += by / ticket.interval
        if not new:
            del self.sizes[ticket.group]
        if not self.sizes:
            self.requests = self.rate = 0.0

    def copy(self) -> Crowd:
        """Make a copy, for a chunk of the present size."""
        other = Crowd(self.chunk)
        other.sizes, other.requests, other.rate = dict(self.sizes), self.requests, self.rate
        return other

    def resize(self, chunk: int) -> None:
        """Count anew for requests of another size."""
        self.chunk = chunk
        self.requests = sum(self._cost(group, size) for group, size in self.sizes.items())

    def _cost(self, group: str | None, size: int) -> float:
        if group is None or not size:
            return size
        return max(size / self.chunk, 1.0)


class Pacing:
    """The looks that are waited for, and when a request may go out.

    :param budget: requests in a second, on the average; never more than twice as many in any one second.
    :param chunk: jobs in one request, at most.

    ``failures``: requests that failed since one was answered.
    """

    def __init__(self, budget: float, chunk: int = CHUNK) -> None:
        self._gap = 1.0 / budget
        self._heaps: dict[str | None, list[tuple[float, int, Ticket]]] = {}
        self._order = itertools.count()
        self._now = Crowd(chunk)
        self._before = Crowd(chunk)
        self._slot = float("-inf")
        self._held_until = float("-inf")
        self.failures = 0

    @property
    def chunk(self) -> int:
        """Jobs in one request, at most."""
        return self._now.chunk

    @property
    def waiting(self) -> int:
        """How many looks are waited for."""
        return sum(self._now.sizes.values())

    def stretched_to(self) -> float | None:
        """Seconds between two looks at a job where the budget does not allow the interval that was asked for."""
        crowd = self._crowd()
        sweep, interval = self._sweep(crowd), self._interval(crowd)
        return sweep if sweep > interval else None

    def ask(self, look: Look, now: float, group: str | None) -> Ticket:
        """Take in the wish for a look; ``take`` gives the ticket back when its time has come.

        :param group: see ``Ticket``.
        """
        ticket = Ticket(look.job, group, look.interval or max(look.pause, 1.0), now, now)
        self._now.change(ticket, 1)
        pause = look.pause
        if look.interval is not None:
            pause = max(min(pause, self._sooner(ticket)), self._floor(), look.not_before)
        if look.latest is not None:
            pause = max(min(pause, look.latest), 0.0)
        ticket.due = now + pause
        window = 0.5 if self._size(group) <= self.chunk else 0.125
        ticket.ready = max(ticket.due - pause * window, min(now + look.not_before, ticket.due))
        return self._push(ticket)

    def again(self, ticket: Ticket, now: float, group: str | None) -> Ticket:
        """Want a look at once that was taken and brought no answer; in place of the ticket of old."""
        self.drop(ticket)
        return self._wait(Ticket(ticket.name, group, ticket.interval, now, now))

    def regroup(self, old: str | None, new: str | None) -> None:
        """Have all of a group share requests with those of another one, or ask alone."""
        for _, _, ticket in self._heaps.pop(old, []):
            if ticket.live:
                self._now.change(ticket, -1)
                ticket.group = new
                self._wait(ticket)

    def drop(self, ticket: Ticket) -> None:
        """Forget somebody who has left; after ``take`` it changes nothing."""
        if ticket.live:
            ticket.live = False
            self._now.change(ticket, -1)

    def next_at(self) -> float | None:
        """When ``take`` may have something next; None while nobody waits."""
        first = self._first()
        return None if first is None else max(first.due, self._slot, self._held_until)

    def take(self, now: float) -> list[Ticket]:
        """Take out what the next request is to ask for: tickets of one group, none while it is too early."""
        first = self._first()
        if first is None or now < max(first.due, self._slot, self._held_until):
            return []
        self._slot = now + self._gap
        self._before = self._now.copy()
        taken = self._pick(first.group, now)
        for ticket in taken:
            self.drop(ticket)
        return taken

    def failed(self, now: float, retry_after: float | None = None) -> bool:
        """Send nothing for a while after a request that failed: 1, 2, 4 ... seconds, or what the service asks for.

        :returns: whether it counts; what fails beside another request that failed is the same failure.
        """
        counts = now >= self._held_until
        pause = min(2.0 ** min(self.failures, 10), LONGEST_BACK_OFF) if counts else 0.0
        self.failures += counts
        self._held_until = max(self._held_until, now + max(pause, retry_after or 0.0))
        return counts

    def succeeded(self) -> None:
        """End the bad spell after a request that was answered."""
        self.failures = 0

    def shrink(self, size: int) -> bool:
        """Halve the requests after one of this size was refused; False when it had one job only."""
        if size <= 1:
            return False
        chunk = min(self.chunk, max(size // 2, 1))
        self._now.resize(chunk)
        self._before.resize(chunk)
        return True

    def _wait(self, ticket: Ticket) -> Ticket:
        self._now.change(ticket, 1)
        return self._push(ticket)

    def _push(self, ticket: Ticket) -> Ticket:
        heapq.heappush(self._heaps.setdefault(ticket.group, []), (ticket.due, next(self._order), ticket))
        return ticket

    def _first(self) -> Ticket | None:
        """The live ticket that is due first."""
        for group, heap in list(self._heaps.items()):
            while heap and not heap[0][2].live:
                heapq.heappop(heap)
            if not heap:
                del self._heaps[group]
        return min((heap[0] for heap in self._heaps.values()), default=(0.0, 0, None))[2]

    def _pick(self, group: str | None, now: float) -> list[Ticket]:
        heap, size = self._heaps[group], 1 if group is None else self.chunk
        taken: list[Ticket] = []
        skipped: list[tuple[float, int, Ticket]] = []
        while heap and len(taken) < size and len(skipped) < size:
            entry = heapq.heappop(heap)
            ticket = entry[2]
            if ticket.live and ticket.ready <= now:
                taken.append(ticket)
            elif ticket.live:
                skipped.append(entry)
        for entry in skipped:
            heapq.heappush(heap, entry)
        return taken

    def _crowd(self) -> Crowd:
        """Those who wait, also while some of them have their answer and are about to ask again."""
        return max(self._now, self._before, key=lambda crowd: crowd.rate)

    def _size(self, group: str | None) -> int:
        return max(self._now.sizes.get(group, 0), self._before.sizes.get(group, 0))

    def _sweep(self, crowd: Crowd) -> float:
        """Seconds that one look at each takes, with all of the budget."""
        return crowd.requests * self._gap

    def _interval(self, crowd: Crowd) -> float:
        """The mean of the intervals that were asked for."""
        return sum(crowd.sizes.values()) / crowd.rate if crowd.rate else 0.0

    def _floor(self) -> float:
        """Seconds between two looks at a job, at least: the whole sweep where the budget is scarce, less where not."""
        crowd = self._crowd()
        sweep, interval = self._sweep(crowd), self._interval(crowd)
        return sweep * min(1.0, sweep / interval) if interval else 0.0

    def _sooner(self, ticket: Ticket) -> float:
        """Seconds after which a job may be looked at, though its interval is longer.

        All together make no more requests than single looks at each, once in its interval, would.
        """
        together = 1 if ticket.group is None else min(self._size(ticket.group), self.chunk)
        return max(ticket.interval / min(SOONER, together), self._sweep(self._crowd()) / SPARE)
