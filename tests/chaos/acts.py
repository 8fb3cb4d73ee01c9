"""What is done to one run: signals to the process that has it, and what a person does in the UI."""

from __future__ import annotations

import signal
import time

from demo.airflow import ApiError
from tests.chaos import plan
from tests.chaos.plan import Case
from tests.chaos.world import TASK, World
from tests.distributed.bed import TRIGGERERS, Bed
from tests.real_airflow import parent

BETWEEN_SIGTERMS = 0.02
FROZEN = 35.0
DELETED_AFTER = 120.0
"""Seconds for which a run is waited for that is to be deleted: Airflow refuses it while its task runs."""


def act(world: World, case: Case, name: str) -> str:
    """Do it; what came of it, in a word."""
    task = world.task(case)
    pid = task.pid if task is not None and task.state == "running" else None
    bed, airflow = world.bed, world.bed.airflow
    if name in (plan.KILL_TASK, plan.KILL_SUPERVISOR, plan.TERM_TASK, plan.TERM_TWICE):
        return signalled(world, pid, name) if pid else "no process"
    if name in (plan.KILL_WORKER, plan.ROLL_WORKER):
        worker = worker_of(bed, case)
        (airflow.crash if name == plan.KILL_WORKER else airflow.roll)(worker)
        return worker
    if name in (plan.KILL_TRIGGERER, plan.ROLL_TRIGGERER, plan.FREEZE_TRIGGERER):
        triggerer = triggerer_of(bed, task.triggerer if task else None)
        if name == plan.FREEZE_TRIGGERER:
            with airflow.frozen(triggerer):
                time.sleep(FROZEN)
        else:
            (airflow.crash if name == plan.KILL_TRIGGERER else airflow.roll)(triggerer)
        return triggerer
    if name == plan.NETWORK:
        disturb(world, case)
        return "asked for"
    return user(world, case, name)


def signalled(world: World, pid: int, name: str) -> str:
    """Send a task's process signals, and the supervisor above it where it is meant."""
    send = world.service.signal
    try:
        above = parent(pid)
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    if name == plan.KILL_SUPERVISOR:
        send(above, signal.SIGKILL)
        send(pid, signal.SIGKILL)
    elif name == plan.KILL_TASK:
        send(pid, signal.SIGKILL)
    elif name == plan.TERM_TASK:
        send(pid, signal.SIGTERM)
    else:
        # As systemd does: the task and its supervisor, which hands it on.
        send(pid, signal.SIGTERM)
        time.sleep(BETWEEN_SIGTERMS)
        send(above, signal.SIGTERM)
    return f"pid {pid}"


def worker_of(bed: Bed, case: Case) -> str:
    """The worker that has a task; where it is not known, the scheduler, which has the workers of LocalExecutor."""
    rows = bed.airflow.sql("SELECT hostname FROM task_instance WHERE run_id = ? AND task_id = ?", case.run, TASK)
    workers = getattr(bed.airflow, "workers", {})
    found = [name for name, (address, _) in workers.items() if rows and address == rows[0][0]]
    return found[0] if found else next(iter(workers), "scheduler")


def triggerer_of(bed: Bed, job: int | None) -> str:
    """The triggerer that has a trigger."""
    rows = bed.airflow.sql("SELECT hostname FROM job WHERE id = ?", job) if job is not None else []
    found = [name for name, address in TRIGGERERS.items() if rows and address == rows[0][0]]
    return found[0] if found else bed.airflow.triggerer_parts[0]


def disturb(world: World, case: Case) -> None:
    """Have the next requests about a run's jobs fail in several ways, one after the other."""
    for kind, options in (
        ("drop", {"when": "after"}),
        ("status", {"status": 503}),
        ("status", {"status": 429, "delay": 1.0}),
        ("drop", {"when": "before"}),
        ("status", {"status": 500, "when": "after"}),
        ("status", {"status": 408}),
    ):
        world.service.fault(kind, scope=case.run, times=1, **options)


def user(world: World, case: Case, name: str) -> str:
    """Do what a person does; where Airflow refuses, its words."""
    airflow = world.bed.airflow
    try:
        if name == plan.CLEAR:
            airflow.clear(case.dag, case.run, TASK)
        elif name == plan.MARK_FAILED:
            airflow.mark(case.dag, case.run, TASK, "failed")
        elif name == plan.MARK_SUCCESS:
            airflow.mark(case.dag, case.run, TASK, "success")
        else:
            airflow.mark_run(case.dag, case.run, "failed")
            jobs = world.service.of_run
            world.wait(lambda: all(job.ended for job in jobs(case.run)) and bool(jobs(case.run)), DELETED_AFTER)
            airflow.delete_run(case.dag, case.run)
    except ApiError as error:
        return f"refused: {error}"
    return "done"
