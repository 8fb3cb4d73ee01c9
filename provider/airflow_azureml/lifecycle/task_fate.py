"""Whether a job ends with its interrupted task: a table by the task's state in Airflow.

A task on a worker or a trigger that is ended is not given a reason: a user's *Clear*, a deployment and an API
server that is away look the same from inside. So it asks Airflow for the task's state, and the answer decides. The law:
silence, throttling and outages are never a user's wish. A job ends only when Airflow or the user said so, or when the
task's own time is up. ``docs/when-tasks-end.md`` shows for each Airflow line which process gets which signal.
"""

from __future__ import annotations

import enum


class Fate(enum.Enum):
    """What becomes of the job."""

    LEAVE = "leave"
    CANCEL = "cancel"


class Where(enum.Enum):
    """Which process is ended; or that none is, and somebody looks at the jobs of all tasks."""

    WORKER = "worker"
    TRIGGER = "trigger"
    SWEEP = "sweep"


NO_ANSWER = "no answer"
"""Airflow could not be asked, or did not say in time."""

NO_STATE = "no state"
"""Airflow holds no state of the task: it was cleared and waits for its turn, or its DAG run was deleted."""

TIME_IS_UP = "time is up"
"""The task's own ``execution_timeout`` has passed."""

NOT_AWAITED = "no longer deferred"
"""Airflow 3.4 has taken back a trigger that it did not move: no task waits for it any more."""

FINISHED = ("failed", "success", "skipped", "upstream_failed", "removed")
"""The states of a task that no try follows."""

PARKED = ("up_for_retry", "up_for_reschedule", "scheduled")
"""States in which only the scheduler goes on with a task, and only while its DAG run goes on.

A scheduler that sees to a dead worker's task while its DAG run is marked writes one of them over the mark (seen: 3.4).
"""

RUN_ENDED = ("failed", "success")
"""The states of a DAG run in which no try of its tasks begins."""

_FINISHED = dict.fromkeys(FINISHED, Fate.CANCEL)

_ENDED = _FINISHED | dict.fromkeys(("restarting", NO_STATE, TIME_IS_UP, NOT_AWAITED), Fate.CANCEL)
"""The task has ended, or a user has cleared it (``restarting``: cleared while it ran)."""

_WAITS_ON = dict.fromkeys(
    ("deferred", "up_for_retry", "up_for_reschedule", "awaiting_input", NO_ANSWER),
    Fate.LEAVE,
)
"""The task waits elsewhere, or its next try takes the job over."""

_NEXT_TRY = ("running", "queued", "scheduled")

FATES: dict[Where, dict[str, Fate]] = {
    # A worker that Airflow has lost sight of may find that the next try is on its way, or there.
    Where.WORKER: _ENDED | _WAITS_ON | dict.fromkeys(_NEXT_TRY, Fate.LEAVE),
    # A trigger that merely moved leaves the task deferred; on its way to a worker the task was cleared, or came back
    # because the job has ended, and then the cancel does nothing.
    Where.TRIGGER: _ENDED | _WAITS_ON | dict.fromkeys(_NEXT_TRY, Fate.CANCEL),
    # A task without a state, or on its way to a worker, may be a retry, which takes the job over; the next try of one
    # that was cleared cancels the job itself.
    Where.SWEEP: _FINISHED | _WAITS_ON | dict.fromkeys((*_NEXT_TRY, "restarting", NO_STATE), Fate.LEAVE),
}


def decide(where: Where, said: str) -> Fate:
    """What becomes of the job; a state that a later Airflow adds ends no job.

    :param said: the state that Airflow holds of the task, or one of the words of this file.
    """
    return FATES[where].get(said, Fate.LEAVE)


def seconds_to_end(release: tuple[int, int], cleanup_time: float) -> float:
    """Seconds from SIGTERM to SIGKILL for a task on a worker whose end Airflow wants.

    2.11 gives ``[core] killed_task_cleanup_time`` (``StandardTaskRunner.terminate``), 3.0 to 3.3 give 5 s whatever is
    configured (``WatchedSubprocess.kill``), 3.4 gives the configured time again where the API server ended the task.

    :param release: Airflow's major and minor version.
    """
    return 5.0 if (3, 0) <= release < (3, 4) else max(cleanup_time, 5.0)
