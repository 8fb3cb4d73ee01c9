"""Who is looked at next: driven through simulated hours and days, with thousands of jobs, on a clock of our own."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean, median

import pytest

from airflow_azureml.lifecycle.pacing.schedule import CHUNK, Pacing
from airflow_azureml.lifecycle.pacing.throttle import LONGEST_BACK_OFF
from airflow_azureml.lifecycle.pacing.tickets import Ticket
from airflow_azureml.rest.flow import Look

DAY = 86_400.0
BUDGET = 5.0


@dataclass
class Simulation:
    """Jobs with their ends, and those who wait for them.

    :param group: asked for together (a name), or alone (None).
    :param pauses: of jobs that want looks sooner than once in the interval.
    :param on_look: told of each job that is looked at.
    :param faults: what a request at a moment meets: None for nothing, else seconds to stay away for (0 for no word).
    """

    group: str | None = "all"
    interval: float = 30.0
    faults: Callable[[float], float | None] = lambda moment: None
    latency: float = 0.0
    now: float = 0.0
    ends: dict[str, float] = field(default_factory=dict)
    seen: dict[str, list[float]] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    requests: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    pauses: dict[str, float] = field(default_factory=dict)
    on_look: Callable[[Ticket], None] = lambda ticket: None
    coming: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    order: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.pacing = Pacing(BUDGET)

    def at(self, moment: float, do: Callable[[], None]) -> None:
        """Have something happen at a moment."""
        heapq.heappush(self.coming, (moment, next(self.order), do))

    def add(self, name: str, end: float, first: float = 5.0) -> None:
        """Begin to wait for a job that ends at a moment."""
        self.ends[name] = end
        self.seen[name] = []
        self.ask(name, Look(name, first, first, self.interval))

    def begin(self, name: str, length: float) -> None:
        """Begin to wait for a job that begins now."""
        self.add(name, self.now + length)

    def ask(self, name: str, look: Look) -> None:
        """Want a look."""
        self.tickets[name] = ask(self.pacing, look, self.now, self.group)

    def leave(self, name: str) -> None:
        """Wait no more."""
        self.pacing.drop(self.tickets.pop(name))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self.now < until:
            turn = self.pacing.take(self.now)
            if isinstance(turn, list):
                self.request(turn)
                continue
            event = self.coming[0][0] if self.coming else until
            self.now = max(self.now, min(until, event, until if turn is None else turn))
            if self.coming and self.coming[0][0] <= self.now:
                heapq.heappop(self.coming)[2]()

    def request(self, taken: list[Ticket]) -> None:
        """Send what is to be sent now, and have it answered."""
        assert taken
        assert len({ticket.group for ticket in taken}) == 1
        self.requests.append(self.now)
        self.sizes.append(len(taken))
        fault = self.faults(self.now)
        if fault is not None:
            self.pacing.throttle.failed(self.now, fault or None)
            for ticket in taken:
                self.ask(ticket.name, Look(ticket.name, 1.0, fault, self.interval))
            return
        self.pacing.throttle.succeeded()
        for ticket in taken:
            self.on_look(ticket)
            self.seen[ticket.name].append(self.now)
            end = self.ends[ticket.name]
            if end <= self.now:
                assert ticket.name not in self.delays, "told twice"
                self.delays[ticket.name] = self.now - end
                self.tickets.pop(ticket.name, None)
            else:
                pause = self.pauses.get(ticket.name, self.interval)
                look = ticket.look
                if look.pause != pause or look.not_before:
                    look = Look(ticket.name, pause, 0.0, self.interval)
                self.ask(ticket.name, look)

    def busiest(self, seconds: float = 1.0) -> int:
        """The most requests in any such span."""
        first, most = 0, 0
        for last, moment in enumerate(self.requests):
            while self.requests[first] <= moment - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def gaps(self, since: float = 0.0) -> dict[str, list[float]]:
        """The pauses between looks, for each job."""
        return {
            name: [later - sooner for sooner, later in itertools.pairwise(moments) if sooner >= since]
            for name, moments in self.seen.items()
        }


def ask(pacing: Pacing, look: Look, now: float, group: str | None) -> Ticket:
    """Want a look."""
    ticket = Ticket(look, now)
    pacing.ask(ticket, look.pause, now, group)
    return ticket


def taken(pacing: Pacing, now: float) -> list[Ticket]:
    """What the request of a moment asks for; none for no request."""
    turn = pacing.take(now)
    return turn if isinstance(turn, list) else []


def crowd(simulation: Simulation, size: int, lasting: tuple[float, float] = (60, 1200)) -> Simulation:
    """Begin to wait for many jobs at once."""
    chance = random.Random(size)
    for number in range(size):
        simulation.add(f"job-{number}", chance.uniform(*lasting))
    return simulation


def test_five_thousand_jobs_stay_within_the_budget() -> None:
    simulation = crowd(Simulation(), 5000, (60, 600))
    simulation.run(700)
    assert len(simulation.delays) == 5000
    assert len(simulation.requests) / 600 <= 6
    assert simulation.busiest() <= 6
    assert median(simulation.delays.values()) <= 10
    assert max(simulation.delays.values()) <= 35


def test_ten_thousand_jobs_ask_for_no_more() -> None:
    simulation = crowd(Simulation(), 10_000, (600, 1200))
    simulation.run(200)
    assert simulation.busiest() <= 6
    assert max(max(gaps) for gaps in simulation.gaps(60).values()) <= 35


@pytest.mark.parametrize("group", ["all", None])
@pytest.mark.parametrize("size", [1, 2, 5, 25])
def test_a_few_jobs_are_looked_at_once_in_their_interval(group: str | None, size: int) -> None:
    simulation = crowd(Simulation(group), size, (3000, 3001))
    simulation.run(3000)
    gaps = [gap for gaps in simulation.gaps(300).values() for gap in gaps]
    assert min(gaps) >= 29
    assert max(gaps) <= 31
    assert len(simulation.requests) <= 101 * (size if group is None else 1)


@pytest.mark.parametrize(("size", "pause"), [(50, 15), (100, 10), (300, 10), (1000, 10)])
def test_looks_that_share_requests_come_sooner_and_cost_no_more_than_single_ones(size: int, pause: float) -> None:
    simulation = crowd(Simulation(), size, (1000, 1001))
    simulation.run(1000)
    assert len(simulation.requests) <= 1000 * min(size / 30, BUDGET) + size
    assert fmean(gap for gaps in simulation.gaps(300).values() for gap in gaps) <= pause + 1


def test_without_shared_requests_all_are_stretched_alike() -> None:
    simulation = crowd(Simulation(None), 1000, (5000, 9000))
    assert simulation.pacing.stretched_to() == pytest.approx(200)
    simulation.run(5000)
    assert simulation.busiest() <= 6
    gaps = [gap for gaps in simulation.gaps(250).values() for gap in gaps]
    assert min(gaps) > max(gaps) / 2
    assert 180 <= fmean(gaps) <= 210
    simulation.run(10_000)
    assert len(simulation.delays) == 1000
    assert max(simulation.delays.values()) <= 250


def test_who_is_asked_for_again_keeps_the_place_in_an_overload() -> None:
    """Jobs whose experiment turns out to answer for none of them do not begin to wait anew."""
    pacing = Pacing(BUDGET)
    for number in range(50):
        ask(pacing, Look(f"job-{number}", 15.0 + number / 10, 0.0, 30.0), 0.0, None)
    first = taken(pacing, 100.0)
    pacing.again(first[0], 100.0, None)
    assert taken(pacing, 101.0) == first


def test_a_young_job_is_looked_at_as_soon_as_it_asks_while_there_is_room() -> None:
    pacing = Pacing(BUDGET)
    for number in range(10):
        ask(pacing, Look(f"old-{number}", 30, 0, 30), 0, "all")
    young = ask(pacing, Look("young", 2, 0, 30), 0, "all")
    assert young.due == 2
    assert pacing.take(1.9) == 2
    assert young in taken(pacing, 2)


def test_no_answer_comes_before_it_may() -> None:
    pacing = Pacing(BUDGET)
    early = ask(pacing, Look("first", 5, 5, 30), 0, "all")
    ask(pacing, Look("old", 1, 0, 30), 0, "all")
    assert early not in taken(pacing, 1)
    assert early not in taken(pacing, 4.9)
    assert pacing.take(5) == [early]


def test_a_deadline_is_not_put_off() -> None:
    simulation = crowd(Simulation(None), 1000, (5000, 9000))
    simulation.run(300)
    ticket = ask(simulation.pacing, Look("job-0", 3, 0, 30, latest=3), simulation.now, None)
    assert ticket.due == simulation.now + 3
    simulation.seen["job-0"].clear()
    simulation.run(305)
    assert simulation.seen["job-0"]


def test_who_leaves_costs_nothing_more() -> None:
    simulation = crowd(Simulation(), 5000, (5000, 9000))
    simulation.run(100)
    for number in range(1, 5000):
        simulation.leave(f"job-{number}")
    assert simulation.pacing.waiting == 1
    simulation.requests.clear()
    simulation.run(1000)
    assert set(simulation.sizes[-20:]) == {1}
    assert len(simulation.requests) <= 900 / 30 + 2
    simulation.leave("job-0")
    assert (simulation.pacing.waiting, simulation.pacing.take(2000)) == (0, None)


def test_nobody_is_asked_for_after_leaving() -> None:
    pacing = Pacing(BUDGET)
    tickets = [ask(pacing, Look(name, 1, 0, 30), 0, "all") for name in "abc"]
    pacing.drop(tickets[0])
    pacing.drop(tickets[0])
    assert pacing.waiting == 2
    assert pacing.take(5) == tickets[1:]
    pacing.drop(tickets[1])
    assert pacing.waiting == 0


def test_requests_make_up_for_nothing() -> None:
    simulation = crowd(Simulation(None), 100, (5000, 9000))
    simulation.now = 600.0
    simulation.run(700)
    assert simulation.busiest() <= 6


@pytest.mark.parametrize("asked", [0.0, 7.0, 120.0])
def test_a_bad_spell_is_ridden_out_together(asked: float) -> None:
    simulation = crowd(Simulation(faults=lambda moment: asked if 300 <= moment < 900 else None), 2000, (1000, 1300))
    simulation.run(1500)
    during = [moment for moment in simulation.requests if 300 <= moment < 900]
    assert len(during) <= 6 + 600 / max(LONGEST_BACK_OFF, asked) + 1
    pauses = [later - sooner for sooner, later in itertools.pairwise(during)]
    assert all(pause >= max(1, asked) - 0.01 for pause in pauses)
    after = next(moment for moment in simulation.requests if moment >= 900)
    assert after <= 900 + max(LONGEST_BACK_OFF, asked)
    assert len(simulation.delays) == 2000
    assert max(simulation.delays.values()) <= 35
    assert simulation.busiest() <= 6


def test_a_day_with_jobs_that_come_and_go() -> None:
    chance = random.Random(7)
    simulation = Simulation(faults=lambda moment: 5.0 if moment % 7200 < 1 else None)
    moment, left = 0.0, 0

    def come(name: str) -> Callable[[], None]:
        return lambda: simulation.add(name, simulation.now + chance.expovariate(1 / 1800))

    def go(name: str) -> Callable[[], None]:
        def leave() -> None:
            if name in simulation.tickets:
                simulation.leave(name)

        return leave

    for number in range(2_000):
        moment += chance.expovariate(2_000 / (DAY * 0.9))
        simulation.at(moment, come(f"job-{number}"))
        if number % 10 == 0:
            left += 1
            simulation.at(moment + chance.uniform(0, 3600), go(f"job-{number}"))
    simulation.run(DAY + 20_000)
    assert simulation.busiest() <= 6
    assert 2_000 - left <= len(simulation.delays) <= 2_000
    assert max(simulation.delays.values()) <= 35
    assert median(simulation.delays.values()) <= 10
    assert (simulation.pacing.waiting, simulation.pacing.take(simulation.now)) == (0, None)


def test_requests_are_halved_until_there_is_one_job_in_them() -> None:
    pacing = Pacing(BUDGET)
    for number in range(300):
        ask(pacing, Look(f"j{number}", 1, 0, 30), 0, "all")
    now, sizes = 1.0, []
    while True:
        size = len(taken(pacing, now))
        now += 1
        sizes.append(size)
        if not pacing.shrink(size):
            break
    assert sizes == [100, 50, 25, 12, 6, 3, 1]
    assert pacing.chunk == 1
    pacing.shrink(CHUNK)
    assert pacing.chunk == 1


def test_groups_share_no_request_and_none_starves() -> None:
    pacing = Pacing(BUDGET)
    for number in range(90):
        ask(pacing, Look(f"j{number}", 1, 0, 30), 0, f"experiment-{number % 3}")
    alone = [ask(pacing, Look(f"a{number}", 1, 0, 30), 0, None) for number in range(2)]
    requests = [taken(pacing, moment) for moment in range(1, 8)]
    assert Counter(len(tickets) for tickets in requests) == {30: 3, 1: 2, 0: 2}
    assert [tickets[0] for tickets in requests if len(tickets) == 1] == alone
    assert all(len({ticket.group for ticket in tickets}) == 1 for tickets in requests if tickets)


def test_in_an_overload_young_jobs_and_old_ones_wait_alike() -> None:
    """Half of them ask for a look each second, half each 30 seconds: alone, there is room for one in 200 s."""
    simulation = crowd(Simulation(None), 1000, (9000, 9001))
    simulation.pauses = {f"job-{number}": 1.0 for number in range(500)}
    simulation.run(2000)
    gaps = simulation.gaps(600)
    young = fmean(gap for name in simulation.pauses for gap in gaps[name])
    old = fmean(gap for name, found in gaps.items() if name not in simulation.pauses for gap in found)
    assert young <= old <= 1.25 * young


def test_when_most_have_left_the_others_have_all_of_the_budget_at_once() -> None:
    simulation = crowd(Simulation(None), 1000, (9000, 9001))
    simulation.run(500)
    for number in range(100, 1000):
        simulation.leave(f"job-{number}")
    simulation.seen = {f"job-{number}": [] for number in range(100)}
    simulation.run(540)
    assert all(simulation.seen.values()), "each is looked at within its interval"
    assert simulation.busiest() <= 6


def test_looks_that_began_together_spread_over_their_interval() -> None:
    simulation = crowd(Simulation(), 5000, (9000, 9001))
    simulation.run(400)
    seconds = Counter(int(moment) for moment in simulation.requests if moment >= 200)
    assert max(seconds.values()) <= 5
    fewest = min(sum(seconds[second + step] for step in range(5)) for second in range(200, 390))
    assert fewest >= 5, "no pause of seconds in which nothing is asked"


def test_a_deadline_is_met_in_an_overload() -> None:
    simulation = crowd(Simulation(None), 1000, (9000, 9001))
    simulation.run(1000)
    late: list[float] = []
    for number in range(20):
        deadline = 30.0 + 7 * number
        ticket = ask(simulation.pacing, Look(f"job-{number}", 1, 0, 30, latest=deadline), simulation.now, None)
        ticket.waiter = simulation.now + deadline
        simulation.tickets[f"late-{number}"] = ticket
    simulation.on_look = lambda ticket: late.append(simulation.now - ticket.waiter) if ticket.waiter else None
    simulation.run(1200)
    assert len(late) == 20
    assert max(late) <= 2


def test_days_of_random_trouble_tell_every_end_once_and_keep_the_budget() -> None:
    """Jobs come and go, the service throttles, fails for minutes, refuses chunks; three crowds, three days."""
    for seed in range(3):
        chance = random.Random(seed)
        outages = sorted((chance.uniform(0, DAY), chance.uniform(10, 1500)) for _ in range(6))

        def faults(moment: float, outages: list[tuple[float, float]] = outages) -> float | None:
            if any(begin <= moment < begin + length for begin, length in outages):
                return 0.0
            return 12.0 if moment % 5000 < 2 else None

        simulation = Simulation("all" if seed else None, faults=faults)
        for number in range(300 if seed == 0 else 1500):
            begin, name = chance.uniform(0, DAY * 0.9), f"job-{number}"
            length = chance.choice([5.0, 60.0, 600.0, 6000.0]) * chance.uniform(0.5, 1.5)
            simulation.at(begin, partial(simulation.begin, name, length))
        simulation.run(DAY + 20_000)
        assert len(simulation.delays) == (300 if seed == 0 else 1500)
        assert simulation.busiest() <= 6
        spared = [
            delay
            for name, delay in simulation.delays.items()
            if not any(begin - 60 <= simulation.ends[name] <= begin + length + 60 for begin, length in outages)
        ]
        assert max(spared) <= 50
        assert max(simulation.delays.values()) <= 1500 + 100
