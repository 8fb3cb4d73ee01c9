"""What became of tasks that waited while the code around them was exchanged: one job each, and its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from azureml_emulator.jobs.models import Job

Key = tuple[str, str, str, int]
"""DAG, run, task and map index."""

NOT_A_SUCCESS, NO_JOB, SECOND_JOB, SECOND_PUT = "no success", "no job", "a second job", "a second PUT"
NOT_COMPLETED, OTHER_RESULT = "job not completed", "another job's result"
WRONG = (NOT_A_SUCCESS, NO_JOB, SECOND_JOB, SECOND_PUT, NOT_COMPLETED, OTHER_RESULT)
FURTHER_TRY = "further tries"
"""No loss: a try that ended with its worker's process is followed by another one, which finds the job."""


@dataclass(frozen=True)
class Instance:
    """A task instance at the end.

    :param tries: the number of its last try, from 1.
    :param result: the job that its result names; None where it has none.
    """

    key: Key
    state: str | None
    tries: int
    result: str | None

    @property
    def kind(self) -> str:
        """How it waits: the second word of its DAG's name."""
        return self.key[0].split("_")[1]


@dataclass
class Row:
    """All tasks of a kind.

    :param wrong: each thing that is wrong with one of them, with what there is.
    """

    tasks: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[Key, str, str]] = field(default_factory=list)


def submitter(key: Key) -> Key:
    """Whose jobs a task waits for: its own, or where it is a sensor those of the task before it."""
    dag, run, task, index = key
    return (dag, run, "submit" if dag.split("_")[1] == "sensor" else task, index)


def owner(job: Job) -> Key:
    """The task instance that has submitted a job, by the job's tags."""
    tags = job.definition.get("tags") or {}
    names = [str(tags.get(f"airflow_{word}", "")) for word in ("dag_id", "run_id", "task_id")]
    return (names[0], names[1], names[2], int(tags.get("airflow_map_index", -1)))


def table(instances: Iterable[Instance], jobs: Iterable[Job], puts: Mapping[str, int]) -> dict[str, Row]:
    """What became of tasks, by their kind.

    :param jobs: all that were made, without the steps of pipelines.
    :param puts: how many PUTs of each job came in.
    """
    own: dict[Key, list[Job]] = {}
    for job in jobs:
        own.setdefault(owner(job), []).append(job)
    rows: dict[str, Row] = {}
    for one in instances:
        row = rows.setdefault(one.kind, Row())
        row.tasks += 1
        row.counts[FURTHER_TRY] += one.tries - 1
        for word, why in wrong(one, own.get(submitter(one.key), ()), puts):
            row.counts[word] += 1
            row.wrong.append((one.key, word, why))
    return rows


def wrong(one: Instance, jobs: Sequence[Job], puts: Mapping[str, int]) -> list[tuple[str, str]]:
    """What is wrong with a task instance."""
    found = []
    if one.state != "success":
        found.append((NOT_A_SUCCESS, f"{one.state} in try {one.tries}"))
    if not jobs:
        return [*found, (NO_JOB, "")]
    if len(jobs) > 1:
        found.append((SECOND_JOB, ", ".join(job.name for job in jobs)))
    found += [(SECOND_PUT, f"{puts[job.name]} of {job.name}") for job in jobs if puts.get(job.name, 0) > 1]
    found += [(NOT_COMPLETED, f"{job.name}: {job.status}") for job in jobs if job.status != "Completed"]
    if one.state == "success" and one.result not in [job.name for job in jobs]:
        found.append((OTHER_RESULT, str(one.result)))
    return found


def written(rows: Mapping[str, Row]) -> str:
    """The table in Markdown, with a line for all."""
    words = (*WRONG, FURTHER_TRY)
    lines = [f"| how they wait | tasks | {' | '.join(words)} |", "|---" * (len(words) + 2) + "|"]
    for kind, row in rows.items():
        lines.append(f"| {kind} | {row.tasks} | {' | '.join(str(row.counts[word]) for word in words)} |")
    every = sum((row.counts for row in rows.values()), Counter[str]())
    lines.append(
        f"| all | {sum(row.tasks for row in rows.values())} | {' | '.join(str(every[word]) for word in words)} |"
    )
    return "\n".join(lines)
