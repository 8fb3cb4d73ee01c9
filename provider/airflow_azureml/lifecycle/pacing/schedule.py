"""Who is looked at next, when many jobs of one workspace are waited for within one budget of requests.

The law of this file: it decides, and does nothing; time comes in from outside, as seconds of any steady clock.

Looks are asked for with a moment at which they are wanted (``due``). A request takes what is due first, and along with
it what will be due soon, as far as one request may ask for many jobs. Requests lie a whole gap apart, so there are no
bursts, however long nothing was sent. Where requests for many jobs leave room in the budget, all are looked at sooner
than they ask for; where the budget is too small, all are late alike.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from airflow_azureml.lifecycle.pacing.groups import Group
from airflow_azureml.lifecycle.pacing.throttle import Throttle
from airflow_azureml.lifecycle.pacing.tickets import Crowd, Ticket

CHUNK = 100
"""Jobs in one request, at first."""

SPARE = 0.6
"""The share of the budget that may be spent on looks that come sooner than asked for."""

SOONER = 3.0
"""How much sooner than its interval a job may be looked at, as a divisor."""

FEW = 25
"""Jobs that are looked at once in their interval, though a request may ask for more."""

JITTER = 0.1
"""The share of a pause by which looks are moved apart, so that those which began together spread over the interval."""

GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole parts, fill an interval evenly."""


class _Entry(NamedTuple):
    """A place in a queue; void when its ticket has another place by now."""

    due: float
    place: int
    ticket: Ticket


class Pacing:
    """The looks that are waited for, and when a request may go out.

    :param budget: requests in a second, on the average; never more than twice as many in any one second.
    :param chunk: jobs in one request, at most.
    """

    def __init__(self, budget: float, chunk: int = CHUNK) -> None:
        self.throttle = Throttle(budget)
        self._queues: dict[Group, list[_Entry]] = {}
        self._last: list[_Entry] = []
        self._places = itertools.count(1)
        self._now = Crowd(chunk)
        self._before = Crowd(chunk)
        self._lag = 0.0

    @property
    def chunk(self) -> int:
        """Jobs in one request, at most."""
        return self._now.chunk

    @property
    def waiting(self) -> int:
        """How many looks are waited for, those that are under way left out."""
        return self._now.count

    def stretched_to(self) -> float | None:
        """Seconds between two looks at a job where the budget does not allow the interval that was asked for."""
        crowd = self._crowd()
        sweep = crowd.requests * self.throttle.gap
        return sweep if crowd.rate and sweep > crowd.count / crowd.rate else None

    def ask(self, ticket: Ticket, pause: float, now: float, group: Group) -> None:
        """Take in the wish for a look; ``take`` gives the ticket back when its time has come.

        :param pause: seconds until the look is wanted.
        :param group: see ``Ticket``.
        """
        self._count_in(ticket, group)
        crowd = self._crowd()
        size = crowd.sizes.get(group, 1)
        many = size > self._now.chunk
        if ticket.look.interval is not None:
            pause = max(min(pause, self._sooner(ticket, size, crowd)), self._floor(crowd))
            if many:
                pause *= 1.0 - JITTER * (ticket.place * GOLDEN % 1.0)
        ticket.due = max(now + pause, ticket.not_before)
        ticket.ready = max(ticket.due - pause * (0.125 if many else 0.5), ticket.not_before)
        self._push(ticket)

    def again(self, ticket: Ticket, now: float, group: Group) -> None:
        """Want a look at once, in place of one that brought no answer: in an overload, before those who came later."""
        self.drop(ticket)
        self._count_in(ticket, group)
        ticket.due = ticket.ready = max(min(ticket.due, now), ticket.not_before)
        self._push(ticket)

    def regroup(self, choose: Callable[[Ticket], Group], chunk: int | None = None) -> None:
        """Have all who wait share other requests.

        :param choose: the group of each, from now on.
        :param chunk: jobs in one request from now on, at most; None leaves it.
        """
        if chunk is not None:
            self._resize(chunk)
        tickets = list(self.tickets())
        # All at once: ten thousand who are taken out and queued again one by one take a tenth of a second.
        self._now, self._queues, self._last = Crowd(self.chunk), {}, []
        for ticket in tickets:
            self._count_in(ticket, choose(ticket))
            self._queue_of(ticket).append(_Entry(ticket.due, ticket.place, ticket))
        for queue in (*self._queues.values(), self._last):
            heapq.heapify(queue)

    def tickets(self) -> Iterator[Ticket]:
        """All who wait, those who are asked for just now left out."""
        for queue in (*self._queues.values(), self._last):
            for entry in queue:
                if entry.place == entry.ticket.place:
                    yield entry.ticket

    def drop(self, ticket: Ticket) -> None:
        """Forget somebody who has left; after ``take`` it changes nothing."""
        if ticket.place:
            ticket.place = 0
            self._now.change(ticket, -1)

    def take(self, now: float) -> list[Ticket] | float | None:
        """Take out what the next request is to ask for: tickets of one group.

        :returns: while it is too early, when there may be something; None while nobody waits.
        """
        first = self._first(now)
        if first is None:
            return None
        moment = max(first.due, self.throttle.free_at)
        if now < moment:
            return moment
        self.throttle.sent(now)
        if not self._last or self._last[0].ticket is not first:
            self._lag = now - first.due
        self._before = self._now.copy()
        self.drop(first)
        return [first, *self._companions(first.group, now)]

    def shrink(self, size: int) -> bool:
        """Halve the requests after one of this size was refused; False when it had one job only."""
        if size <= 1:
            return False
        self._resize(min(self.chunk, max(size // 2, 1)))
        return True

    def _resize(self, chunk: int) -> None:
        self._now.resize(chunk)
        self._before.resize(chunk)

    def _count_in(self, ticket: Ticket, group: Group) -> None:
        ticket.group = group
        ticket.place = next(self._places)
        self._now.change(ticket, 1)

    def _push(self, ticket: Ticket) -> None:
        """Queue somebody."""
        queue = self._queue_of(ticket)
        heapq.heappush(queue, _Entry(ticket.due, ticket.place, ticket))

    def _queue_of(self, ticket: Ticket) -> list[_Entry]:
        """Where somebody is queued; who would come too late for a moment that cannot be put off, for that moment."""
        if ticket.latest is not None and ticket.due + self._lag >= ticket.latest:
            ticket.due = ticket.ready = ticket.latest
            return self._last
        queue = self._queues.get(ticket.group)
        if queue is None:
            queue = self._queues[ticket.group] = []
        return queue

    def _tidy(self) -> None:
        """Forget the places at the heads of the queues that are void."""
        for group in list(self._queues):
            queue = self._queues[group]
            while queue and queue[0].place != queue[0].ticket.place:
                heapq.heappop(queue)
            if not queue:
                del self._queues[group]
        while self._last and self._last[0].place != self._last[0].ticket.place:
            heapq.heappop(self._last)

    def _first(self, now: float) -> Ticket | None:
        """Whose turn it is, or will be: who cannot be put off, before who is due first."""
        self._tidy()
        if self._last and self._last[0].due <= now:
            return self._last[0].ticket
        heads = [queue[0] for queue in (*self._queues.values(), self._last) if queue]
        return min(heads).ticket if heads else None

    def _companions(self, group: Group, now: float) -> list[Ticket]:
        """Who else may be asked for by a request of a group."""
        queue = self._queues.get(group)
        size = 0 if group is None or queue is None else self.chunk - 1
        taken: list[Ticket] = []
        early: list[_Entry] = []
        while queue and len(taken) < size and len(early) < size:
            entry = heapq.heappop(queue)
            ticket = entry.ticket
            if entry.place != ticket.place:
                continue
            if ticket.ready <= now:
                self.drop(ticket)
                taken.append(ticket)
            else:
                early.append(entry)
        for entry in early:
            heapq.heappush(queue, entry)  # type: ignore[arg-type]
        return taken

    def _crowd(self) -> Crowd:
        """Those who wait, also while some of them have their answer and are about to ask again."""
        return self._now if self._now.rate >= self._before.rate else self._before

    def _floor(self, crowd: Crowd) -> float:
        """Seconds between two looks at a job that may change soon, at least: the more, the scarcer the budget is."""
        sweep, interval = crowd.requests * self.throttle.gap, crowd.count / crowd.rate
        return min(sweep, interval) * min(1.0, sweep / interval)

    def _sooner(self, ticket: Ticket, size: int, crowd: Crowd) -> float:
        """Seconds after which a job may be looked at, though its interval is longer.

        All together make no more requests than single looks at each, once in its interval, would.
        """
        together = 1 if ticket.group is None else min(size, self.chunk)
        divisor = min(max(together / FEW, 1.0), SOONER)
        return max(ticket.interval / divisor, crowd.requests * self.throttle.gap / SPARE)
