"""How a moment of a task's life is reached from outside: the emulator holds a request, and its journal tells so."""

from __future__ import annotations

from typing import Any

from tests.chaos import plan
from tests.chaos.plan import Case, Step
from tests.chaos.service import METRICS
from tests.chaos.world import World

HELD = 20.0
"""Seconds for which the emulator holds a request, before it acts or with its answer."""

PUT = "^PUT .*/jobs/chaos_"
INVOCATION = "^POST /scoring/chaos-batch-"
LOOK = "^GET .*/jobs/(chaos_|batchjob-)"
LAST_READ = f"^GET .*{METRICS}"
"""The last thing that is read of a job that has completed: its metrics. The path names no job, so that of another run
may be held as well; it goes on later."""

PATIENCE = 150.0
"""Seconds to a moment; a task that is not there by then is hit wherever it is."""

ON_WORKERS = {"running"}
BEFORE_THE_GATE = plan.ORDER[: plan.ORDER.index(plan.WAITING) + 1]
"""Moments that come while the job runs."""


def prepare(world: World, case: Case, step: Step) -> None:
    """Ask the emulator for what holds the task at the moment."""
    put = INVOCATION if case.kind == plan.BATCH else PUT
    holds: dict[str, tuple[str, dict[str, Any]]] = {
        plan.RECORDED: ("timeout", {"route": put, "when": "before"}),
        plan.PUT_UNANSWERED: ("delay", {"route": put, "when": "before", "delay": HELD}),
        plan.AFTER_PUT: ("delay", {"route": put, "when": "after", "delay": HELD}),
        plan.AFTER_RESUME: ("delay", {"route": LOOK, "when": "after", "delay": HELD}),
    }
    if step.point in holds:
        kind, options = holds[step.point]
        world.service.fault(kind, scope=case.run, times=1, **options)
    if step.point == plan.BEFORE_XCOM:
        world.service.fault("delay", route=LAST_READ, times=1, when="after", delay=HELD)


def reached(world: World, case: Case, step: Step, since: int) -> bool:
    """Whether a task is at the moment.

    :param since: the newest request when this moment's turn came.
    """
    task, jobs = world.task(case), world.service.of_run(case.run)
    if task is None:
        return False
    held = [one for one in world.service.requests[case.dag] if one.number > since and one.status is None]
    match step.point:
        case plan.BEFORE_NAMING:
            return task.state == "running" and bool(task.pid)
        case plan.RECORDED | plan.PUT_UNANSWERED | plan.AFTER_PUT:
            return any(one.method in ("PUT", "POST") for one in held)
        case plan.BEFORE_DEFER:
            return bool(jobs)
        case plan.AT_DEFERRAL:
            return task.state == "deferred"
        case plan.BETWEEN_TRIES:
            return task.state in ("up_for_retry", "scheduled", "queued") or task.try_number > 1
        case plan.WAITING:
            waits = task.state in ("running", "up_for_reschedule") or (
                task.state == "deferred" and task.triggerer is not None
            )
            return waits and any(not job.ended for job in jobs)
        case plan.BETWEEN_ATTEMPTS:
            return any(job.status == "Failed" for job in jobs)
        case plan.AFTER_RESUME:
            return task.state == "running" and task.next_method is not None
        case plan.BEFORE_XCOM:
            reads = any(one.status is None and one.number > since for one in world.service.requests[METRICS])
            return reads and any(job.status == "Completed" for job in jobs)
    raise AssertionError(step.point)


def is_over(world: World, case: Case) -> bool:
    """Whether the task has ended, so that no moment is left."""
    task = world.task(case)
    return task is not None and task.state in ("success", "failed", "skipped")
