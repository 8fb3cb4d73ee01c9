"""What the demo prints at its end: what Airflow's REST API tells, beside what the emulator's journal tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from demo.run import Task


def problems(tasks: Sequence[Task], jobs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what is not green: a task that did not succeed, a job that Azure ML does not know as completed."""
    found = [
        f"Task {task.name} ended as {task.state}. {task.link or ''}".rstrip()
        for task in tasks
        if task.state != "success"
    ]
    for task in tasks:
        if task.result and (status := jobs.get(task.result["job_name"], {}).get("status")) != "Completed":
            found.append(f"Job {task.result['job_name']} of task {task.name} is {status or 'unknown'} in the journal.")
    if not any(task.result for task in tasks):
        found.append("No task gave back a job.")
    return found


def lines(
    tasks: Sequence[Task], jobs: Mapping[str, Mapping[str, Any]], requests: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Write the report: a table of the tasks, then the job of each."""
    yield f"{'task':<18}{'state':<16}{'tries':>5}{'deferred':>10}   {'job status':<11}{'job ran':>8}{'PUTs':>6}"
    puts = submissions(requests)
    for task in tasks:
        row = f"{task.name:<18}{task.state or 'none':<16}{task.tries:>5}{task.deferred:>8.1f} s"
        if task.result:
            name = task.result["job_name"]
            job = jobs.get(name, {})
            row += f"   {job.get('status', 'unknown'):<11}{ran(job):>8}{puts[name]:>6}"
        yield row
    for task in tasks:
        if task.result:
            yield ""
            yield from details(task, task.result)


def details(task: Task, result: Mapping[str, Any]) -> Iterator[str]:
    """Write what a task's job gave: its name, link, outputs and metrics."""
    yield f"{task.name}"
    yield f"  job      {result['job_name']} ({result['status']}, experiment {result['experiment_name']})"
    yield f"  Studio   {task.link or result['studio_url']}"
    for name, output in result["outputs"].items():
        yield f"  output   {name}: {output['path']}"
    for name, value in result["metrics"].items():
        yield f"  metric   {name} = {value:g}" if isinstance(value, float | int) else f"  metric   {name} = {value}"


def submissions(requests: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Count, for each job, the PUTs of it that were received."""
    puts = (request for request in requests if request["method"] == "PUT" and "/jobs/" in request["path"])
    return Counter(request["path"].rsplit("/", 1)[-1] for request in puts)


def ran(job: Mapping[str, Any]) -> str:
    """Say how long a job ran, from start to end, in seconds."""
    if not (job.get("started_at") and job.get("ended_at")):
        return "-"
    return f"{(instant(job['ended_at']) - instant(job['started_at'])).total_seconds():.1f} s"


def instant(text: str) -> datetime:
    """Read a time of the journal; Python 3.10 knows no more than six digits of a second and no ``Z``."""
    day, _, rest = text.replace("Z", "+00:00").partition("T")
    clock, plus, zone = rest.partition("+")
    whole, dot, digits = clock.partition(".")
    return datetime.fromisoformat(f"{day}T{whole}{dot}{digits[:6].ljust(6, '0') if dot else ''}{plus}{zone}")
