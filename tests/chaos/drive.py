"""One run, from its trigger to its end: each of its moments is waited for, and what is planned for it is done."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import Any

from azureml_emulator.jobs.models import Job, moment
from demo.airflow import ApiError
from tests.chaos import plan
from tests.chaos.acts import act
from tests.chaos.airflows_own import seen
from tests.chaos.judge import done
from tests.chaos.plan import Case, Step
from tests.chaos.points import BEFORE_THE_GATE, HELD, PATIENCE, is_over, prepare, reached
from tests.chaos.world import TASK, CutOffError, World

TO_THE_END, RUN_HAS_ENDED = 420.0, 60.0
"""Seconds without any change after which a task counts as stuck, and where its run has ended without it."""

SETTLES = 330.0
"""Seconds in which the job of a task that has ended must have ended as well: the API server's last look comes 240 s
after a mark."""

UNDECIDED = "Cannot determine whether batch endpoint"
"""What a task says that leaves to people whether it has a batch job, rather than invoke the endpoint twice."""

ENDED = ("success", "failed")
CONFLICT = 409

FIRST = (plan.RECORDED, plan.PUT_UNANSWERED, plan.AFTER_PUT)
"""Moments that are prepared before a run begins, where they are its first."""


def drive(world: World, case: Case, gates: Path) -> None:
    """Take a case through its life, and write down what happened."""
    gate = gates / case.run
    world.watched.add(case.run)
    try:
        before = world.service.newest
        begin(world, case, gate)
        for step in case.steps:
            meet(world, case, step, gate, before)
        time.sleep(case.pause)
        let_go(world, case, gate)
        finish(world, case)
    except CutOffError:
        task = world.task(case)
        note(case, plan.CUT_OFF, state=task.state if task else None, tries=task and task.try_number)
    except Exception:  # noqa: BLE001 - a case that the harness has not got through is told as such
        note(case, "harness", error=traceback.format_exc())
    finally:
        gate.touch()
        world.service.clear(case.run)
        world.watched.discard(case.run)


def begin(world: World, case: Case, gate: Path) -> None:
    """Trigger the run."""
    if case.preempted:
        world.service.fault("preempt", route="chaos_", scope=case.run, times=1, delay=1.0)
    if case.network:
        for kind in ("drop", "status"):
            world.service.fault(kind, scope=case.run, times=1, when="after")
    if case.steps[0].point in FIRST:
        prepare(world, case, case.steps[0])
    try:
        world.bed.airflow.trigger(case.dag, case.run, conf={"gate": str(gate), "token": case.run})
    except ApiError as error:
        if error.status != CONFLICT:  # else the answer to the first request was lost
            raise
    note(case, "triggered")


def meet(world: World, case: Case, step: Step, gate: Path, before: int) -> None:
    """Wait for a moment, and do what is planned for it.

    :param before: the newest request before the run began.
    """
    prepared = step is case.steps[0] and step.point in FIRST
    since = before if prepared else world.service.newest
    if not prepared:
        prepare(world, case, step)
    if step.point not in (*BEFORE_THE_GATE, plan.BETWEEN_ATTEMPTS):
        gate.touch()
    found = world.wait(lambda: reached(world, case, step, since) or is_over(world, case), PATIENCE)
    task = world.task(case)
    there = found and not is_over(world, case)
    row = note(case, step.act, point=step.point, reached=there, state=task.state if task else None)
    row["tries"] = task.try_number if task else None
    if is_over(world, case) and step.act not in plan.USER:
        row["outcome"] = "task had ended"
        return
    row["outcome"] = act(world, case, step.act)
    row["until"] = time.time()


def let_go(world: World, case: Case, gate: Path) -> None:
    """Let the run's jobs come to their end, but for those that a person's deed must end."""
    user = done(case)
    if user is not None and case.kind != plan.SENSOR:
        if user["what"] != plan.CLEAR:
            return
        if not world.wait(lambda: all(job.ended for job in older_jobs(world, case, user)), SETTLES):
            note(case, plan.NOT_ENDED, jobs=[job.name for job in older_jobs(world, case, user) if not job.ended])
    gate.touch()
    note(case, "gate")


def older_jobs(world: World, case: Case, user: dict[str, Any]) -> list[Job]:
    """The jobs that a run had when a person cleared its task."""
    made = ((job, moment(job.created_at)) for job in world.service.of_run(case.run))
    return [job for job, at in made if at is not None and at.timestamp() < user["at"]]


def finish(world: World, case: Case) -> None:
    """Wait for the end of the task and of its jobs."""
    gone = any(row["what"] == plan.DELETE and row.get("outcome") == "done" for row in case.history)
    if not gone:
        ended = wait_end(world, case)
        task = world.task(case)
        row = note(case, "ended" if ended else "stuck", state=task.state if task else None)
        row["tries"] = task and task.try_number
        if not ended:
            row["seen"] = seen(world.bed, case)
        if not ended and world.bed.airflow.major > 2:  # nothing marks a run of 2.11 here
            world.bed.airflow.mark_run(case.dag, case.run, "failed")
    if done(case) is not None:  # its submission may have been under way
        world.wait(lambda: bool(world.service.of_run(case.run)), HELD + 10)
    settled = world.wait(lambda: all(job.ended for job in world.service.of_run(case.run)), SETTLES)
    world.fresh()
    if not settled:
        note(case, plan.LEFT, jobs=[job.name for job in world.service.of_run(case.run) if not job.ended])
    row = note(case, "settled" if settled else "given up")
    task = world.task(case)
    row["state"] = task.state if task else None
    if task is not None and case.kind == plan.BATCH and task.state == "failed":
        row["undecided"] = UNDECIDED in world.bed.airflow.log(case.dag, case.run, TASK)
    if task is not None:
        row["result"] = world.bed.airflow.xcom(case.dag, case.run, TASK)
        row["data"] = world.bed.airflow.xcom(case.dag, case.run, TASK, "data")


def wait_end(world: World, case: Case) -> bool:
    """Wait until the run has ended; whether it has, before nothing changed for long."""
    world.fresh()
    while True:
        before = (world.task(case), [(job.name, job.status) for job in world.service.of_run(case.run)])

        def is_news(before: object = before) -> bool:
            task = world.task(case)
            over = task is not None and task.run_state in ENDED and task.state in ("success", "failed", "skipped")
            return over or before != (task, [(job.name, job.status) for job in world.service.of_run(case.run)])

        task = world.task(case)
        if not world.wait(is_news, RUN_HAS_ENDED if task is not None and task.run_state in ENDED else TO_THE_END):
            return False
        task = world.task(case)
        if task is not None and task.run_state in ENDED and task.state in ("success", "failed", "skipped"):
            return True


def note(case: Case, what: str, **facts: object) -> dict[str, object]:
    """Write down what happened, with the time."""
    row: dict[str, object] = {"what": what, "at": time.time(), **facts}
    case.history.append(row)
    return row
