"""What a run must have come to, by the emulator's list of jobs; and what Airflow itself has not done."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from azureml_emulator.jobs.models import Job, moment
from tests.chaos import plan
from tests.chaos.plan import Case
from tests.chaos.service import ChaosService, tags

DUPLICATE, TWO_ACTIVE, LEFT_OVER, ENDED_HEALTHY = (
    "two completed jobs",
    "two active at once",
    "left over",
    "healthy job ended",
)
WRONG_OUTPUT, UNHEARD, FAILED, STUCK = "wrong or lost output", "mark not heard", "task failed", "task stuck"
OURS = (DUPLICATE, TWO_ACTIVE, LEFT_OVER, ENDED_HEALTHY, WRONG_OUTPUT, UNHEARD, FAILED, STUCK)
"""What may be wrong with a run."""

SLACK = 1.0
"""Seconds by which the clocks of what a person does and of a job may differ."""


KNOWN_FOR = 240.0
"""Seconds for which an API server knows of a mark: the last of its looks."""


def judge(case: Case, service: ChaosService) -> list[tuple[str, str]]:
    """What is wrong with a case, each with its evidence; empty when nothing is."""
    jobs = service.of_run(case.run)
    wrong = [*counted(jobs), *overlaps(jobs)]
    wrong += [(ENDED_HEALTHY, f"{job.name} was canceled") for job in jobs if canceled_unasked(case, job)]
    last = case.history[-1] if case.history else {}
    if last.get("what") == plan.CUT_OFF:
        return wrong
    wrong += [(LEFT_OVER, f"{job.name} is {job.status}") for job in jobs if not job.ended]
    wrong += [(LEFT_OVER, ", ".join(row["jobs"])) for row in case.history if row["what"] == plan.LEFT]
    goes_on = [", ".join(row["jobs"]) for row in case.history if row["what"] == plan.NOT_ENDED]
    wrong += [(LEFT_OVER, f"{names} went on after the clear") for names in goes_on]
    if last.get("what") == "harness":
        return [*wrong, (STUCK, f"the harness: {last['error']}")]
    user = done(case)
    if user is not None and user["what"] == plan.DELETE and user["outcome"] == "done":
        return wrong
    if any(row["what"] == "stuck" for row in case.history):
        return [*wrong, (STUCK, str(next(row["state"] for row in case.history if row["what"] == "stuck")))]
    expected = {plan.MARK_FAILED: "failed", plan.MARK_SUCCESS: "success", plan.DELETE: "failed"}.get(
        user["what"] if user else ""
    )
    if expected is not None:
        return [*wrong, *([] if last.get("state") == expected else [(UNHEARD, f"the task is {last.get('state')}")])]
    if last.get("undecided"):
        return wrong
    if case.kind == plan.SENSOR and any(job.status == "Failed" for job in jobs):
        return [*wrong, *([] if last.get("state") == "failed" else [(WRONG_OUTPUT, "a failed job has a result")])]
    if last.get("state") != "success":
        return [*wrong, (FAILED, f"the task is {last.get('state')}")]
    return [*wrong, *results(case, jobs, last, service), *cleared(case, jobs, user, last)]


def left_to_the_sweep(case: Case, storms: Sequence[dict[str, Any]]) -> str | None:
    """Why the documentation leaves the job of a marked task to the sweep: no process of Airflow was left that knew.

    :param storms: what has fallen on all, with when it came (``at``, seconds since the epoch).
    """
    user = done(case)
    if user is None or user["what"] == plan.CLEAR:
        return None
    ended = (storm["at"] for storm in storms if storm["kind"] in ("API server killed", "API server away"))
    if any(user["at"] <= at <= user.get("until", user["at"]) + KNOWN_FOR for at in ended):
        return "the API server that knew of the mark has ended"
    return None


def done(case: Case) -> dict[str, Any] | None:
    """What a person did to the run, unless Airflow refused it; a run that was to be deleted was marked before."""
    rows = [row for row in case.history if row["what"] in plan.USER]
    return next((row for row in rows if row.get("outcome") == "done" or row["what"] == plan.DELETE), None)


def counted(jobs: Sequence[Job]) -> list[tuple[str, str]]:
    """More than one completed job of one generation of the task."""
    of: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for job in jobs:
        if job.status == "Completed":
            of[generation(job)].append(job.name)
    return [(DUPLICATE, ", ".join(names)) for names in of.values() if len(names) > 1]


def generation(job: Job) -> tuple[str | None, ...]:
    """What the jobs of one generation of a task have in common: tags, or an invocation's mark but for the attempt."""
    mark = (job.definition.get("properties") or {}).get("airflow_invocation")
    if mark is not None:
        return (mark.rpartition("-")[0],)
    return tags(job).get("airflow_run_started"), tags(job).get("airflow_generation")


def overlaps(jobs: Sequence[Job]) -> list[tuple[str, str]]:
    """Jobs of one task that were active at the same time, neither of them asked to end.

    The service takes no request to end from a job that is being finalized: an older generation's counts as ended then.
    """
    found = []
    for first, second in itertools.combinations(jobs, 2):
        finishing = first.since("Finalizing") if generation(first) != generation(second) else None
        end = first.since("CancelRequested") or finishing or first.ended_at
        if (end is None or end > second.created_at) and not came_late(first, second):
            found.append((TWO_ACTIVE, f"{first.name} ({first.status}, until {end}) and {second.name}"))
    return found


def came_late(first: Job, second: Job) -> bool:
    """Whether a job began after that of a later generation, and was canceled for it.

    Its submission was under way when the task was cleared: the documentation's one exception.
    """
    newer, older = (tags(job).get("airflow_generation", "") for job in (first, second))
    return newer > older and second.since("CancelRequested") is not None


def canceled_unasked(case: Case, job: Job) -> bool:
    """Whether a job was canceled though nobody had done anything to its task by then."""
    asked = moment(job.since("CancelRequested") or job.since("Canceled"))
    if asked is None:
        return False
    user = next((row for row in case.history if row["what"] in (*plan.USER, "stuck")), None)
    if case.kind == plan.SENSOR:
        return True
    return user is None or asked.timestamp() < user["at"] - SLACK


def results(case: Case, jobs: Sequence[Job], last: dict[str, Any], service: ChaosService) -> list[tuple[str, str]]:
    """What is wrong with the result of a task that succeeded, and with what lies where it leads to."""
    result, completed = last.get("result"), {job.name: job for job in jobs if job.status == "Completed"}
    if not isinstance(result, dict) or result.get("job_name") not in completed:
        return [(WRONG_OUTPUT, f"the result is {result!r}; completed are {sorted(completed)}")]
    job = completed[result["job_name"]]
    output = result["outputs"].get("data") or {}
    if output != last.get("data"):
        return [(WRONG_OUTPUT, f"the XCom of the output is {last.get('data')!r}, the result has {output!r}")]
    written = job.outputs["data"]["uri"]
    if (
        output.get("path", "").rstrip("/").partition("/datastores/")[2]
        != written.rstrip("/").partition("/datastores/")[2]
    ):
        return [(WRONG_OUTPUT, f"the path is {output.get('path')!r}, the job wrote to {written!r}")]
    content = service.content(output["https_url"], "content.txt") or ""
    token, _, writer = content.partition(" ")
    own = [one for name, one in service.jobs.items() if name == job.name or one.parent == job.name]
    names = {name for one in own for name in (one.name, one.reuses)}
    if token != case.run or writer not in names:
        return [(WRONG_OUTPUT, f"{output['https_url']} holds {content!r}")]
    return []


def cleared(
    case: Case, jobs: Sequence[Job], user: dict[str, Any] | None, last: dict[str, Any]
) -> list[tuple[str, str]]:
    """A job from before a *Clear* that counts as the task's result all the same."""
    if user is None or user["what"] != plan.CLEAR or case.kind == plan.SENSOR:
        return []
    job = next(job for job in jobs if job.name == last["result"]["job_name"])
    created = moment(job.created_at)
    assert created is not None
    if created.timestamp() < user["at"] - SLACK:
        return [(UNHEARD, f"cleared while {user['state']}, and {job.name} of before is the result")]
    return []
