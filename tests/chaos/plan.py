"""What is to happen, drawn from a seed: for each run its kind of task, the moments at which it is hit, and by what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

WORKER, DEFERRED, TRIGGERER, PIPELINE = "worker", "deferred", "triggerer", "pipeline"
BATCH, SENSOR = "batch", "sensor"
"""Kinds of tasks: waits on a worker, deferred, never on a worker, deferred with a pipeline job or with that of a batch
endpoint, waits for a job that another task has submitted (deferred, rescheduled or poking)."""

KINDS = {WORKER: 0.25, DEFERRED: 0.3, TRIGGERER: 0.15, PIPELINE: 0.1, BATCH: 0.1, SENSOR: 0.1}

BEFORE_NAMING, RECORDED, PUT_UNANSWERED, AFTER_PUT = "before naming", "name recorded", "PUT unanswered", "after the PUT"
BEFORE_DEFER, AT_DEFERRAL, WAITING = "before defer", "right at deferral", "waiting"
BETWEEN_ATTEMPTS, AFTER_RESUME, BEFORE_XCOM = "between attempts", "after resume", "before XCom"
BETWEEN_TRIES = "between tries"

ORDER = (
    BEFORE_NAMING,
    RECORDED,
    PUT_UNANSWERED,
    AFTER_PUT,
    BEFORE_DEFER,
    AT_DEFERRAL,
    BETWEEN_TRIES,
    WAITING,
    BETWEEN_ATTEMPTS,
    AFTER_RESUME,
    BEFORE_XCOM,
)
"""The moments of a task's life, as they follow each other."""

POINTS = {
    WORKER: (BEFORE_NAMING, RECORDED, PUT_UNANSWERED, AFTER_PUT, WAITING, BETWEEN_ATTEMPTS, BEFORE_XCOM),
    DEFERRED: tuple(one for one in ORDER if one != BETWEEN_TRIES),
    TRIGGERER: (RECORDED, PUT_UNANSWERED, AFTER_PUT, WAITING, BETWEEN_ATTEMPTS, BEFORE_XCOM),
    PIPELINE: (BEFORE_NAMING, RECORDED, PUT_UNANSWERED, AFTER_PUT, AT_DEFERRAL, WAITING, AFTER_RESUME, BEFORE_XCOM),
    BATCH: (BEFORE_NAMING, PUT_UNANSWERED, AFTER_PUT, AT_DEFERRAL, WAITING, AFTER_RESUME, BEFORE_XCOM),
    SENSOR: (BEFORE_NAMING, WAITING, BEFORE_XCOM),
}

KILL_TASK, KILL_SUPERVISOR, TERM_TASK, TERM_TWICE = "kill task", "kill task and supervisor", "SIGTERM", "two SIGTERMs"
KILL_WORKER, ROLL_WORKER = "kill worker", "rolling restart of the worker"
KILL_TRIGGERER, ROLL_TRIGGERER, FREEZE_TRIGGERER = (
    "kill triggerer",
    "rolling restart of the triggerer",
    "freeze triggerer",
)
CLEAR, MARK_FAILED, MARK_SUCCESS, DELETE = "clear", "mark failed", "mark success", "delete the run"
NETWORK = "dropped connections and errors"

CUT_OFF = "cut off"
"""What is noted of a run that the session has left no time for."""

LEFT = "left over"
"""What is noted of a run whose job goes on minutes after its task has ended."""

NOT_ENDED = "not ended by the clear"
"""What is noted of a run whose older job goes on though its task was cleared."""

USER = (CLEAR, MARK_FAILED, MARK_SUCCESS, DELETE)
PROCESS = {KILL_TASK: 6, KILL_SUPERVISOR: 3, TERM_TASK: 2, TERM_TWICE: 2, KILL_WORKER: 0.5, ROLL_WORKER: 0.5}
TRIGGER = {KILL_TRIGGERER: 1, ROLL_TRIGGERER: 0.7, FREEZE_TRIGGERER: 0.5}

HELD_BY_WORKER = (BEFORE_NAMING, RECORDED, PUT_UNANSWERED, AFTER_PUT, BEFORE_DEFER, AFTER_RESUME, BEFORE_XCOM)
"""Moments at which a worker has the task, of kinds that run on one."""


@dataclass(frozen=True)
class Step:
    """One moment, and what is done to the run at it."""

    point: str
    act: str


@dataclass
class Case:
    """One run of a task, and what becomes of it.

    :param preempted: the node of its first job is taken away.
    :param network: the requests about its jobs meet dropped connections, errors and delays.
    :param pause: seconds from the last step to the moment at which its job may end.
    """

    number: int
    kind: str
    run: str
    steps: list[Step]
    preempted: bool = False
    network: bool = False
    pause: float = 1.0
    dag: str = ""
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def user(self) -> str | None:
        """What a person does to it, at the last of its steps; None for nothing."""
        return next((step.act for step in self.steps if step.act in USER), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def cases(seed: int, *, older: bool = False) -> Iterator[Case]:
    """All cases of a seed, without end.

    :param older: for Airflow 2.11: no task starts in the triggerer, and nobody marks one.
    """
    number = 0
    while True:
        yield one(seed, number, older)
        number += 1


def one(seed: int, number: int, older: bool) -> Case:
    """The case of a number: the same for each run of a seed."""
    chance = random.Random(f"{seed}/{number}")
    kind = drawn(chance, {**KINDS, TRIGGERER: 0.0 if older else KINDS[TRIGGERER]})
    case = Case(number, kind, f"s{seed}-{number}", [], pause=chance.uniform(0, 6))
    users = chance.random() < 0.3
    count = 1 if chance.random() < 0.7 else 2
    points = sorted(chance.sample(POINTS[kind], count), key=ORDER.index)
    for place, point in enumerate(points):
        last = place == count - 1
        case.steps.append(Step(point, act_at(chance, kind, point, user=users and last, older=older)))
        if not last and users and case.steps[-1].act in (KILL_TASK, TERM_TASK) and chance.random() < 0.3:
            case.steps.append(Step(BETWEEN_TRIES, act_at(chance, kind, BETWEEN_TRIES, user=True, older=older)))
            break
    case.preempted = BETWEEN_ATTEMPTS in points
    case.network = chance.random() < 0.25
    return case


def act_at(chance: random.Random, kind: str, point: str, *, user: bool, older: bool) -> str:
    """What is done at a moment."""
    if user:
        # Nobody ends the job that a sensor waits for, and a run is deleted when its jobs have ended.
        deletes = 0 if kind == SENSOR else 1
        return CLEAR if older else drawn(chance, {CLEAR: 3, MARK_FAILED: 2, MARK_SUCCESS: 1, DELETE: deletes})
    on_worker = kind == WORKER or (kind != TRIGGERER and point in HELD_BY_WORKER)
    return drawn(chance, PROCESS if on_worker else {**TRIGGER, NETWORK: 3})


def drawn(chance: random.Random, weights: dict[str, float]) -> str:
    """One of several, by their weights."""
    return chance.choices(list(weights), list(weights.values()))[0]
