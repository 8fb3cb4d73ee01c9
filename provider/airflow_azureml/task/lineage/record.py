"""What one process has learned of its task's job, for the events that OpenLineage's listener sends when the task ends.

It is gathered while the task still runs: the listener asks in a forked process that has ten seconds, no clients and no
connections, so nothing is looked up there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_azureml.task.end_conditions import lineage_is_recorded

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.lineage.datasets import Dataset
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.jobs import Job

ATTRIBUTE = "azureml_lineage"
"""Of the operator that runs: what its listener finds."""

SCRIPTS = (("command",), ("trial", "command"), ("entry", "file"))
"""Where jobs of the kinds that have one name what they run: a command, the trial of a sweep, a Spark job."""


@dataclass(frozen=True)
class Record:
    """What is known of a job.

    :param workspace: the namespace of what its workspace alone knows.
    :param script: what it runs; None for one that runs others.
    :param properties: the job's, among them the commit of its code.
    :param error: why it failed or was canceled.
    """

    job_name: str
    workspace: str
    description: str | None = None
    script: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Dataset, ...] = ()
    outputs: tuple[Dataset, ...] = ()
    error: str | None = None


def keep(task: Any, job: Job, *, outputs: Mapping[str, Any] | None = None, error: BaseException | None = None) -> None:
    """Keep with the operator what OpenLineage is to be told of its job; nothing where nobody records lineage.

    :param task: a ``JobEnd``, which has a task instance and a client.
    :param outputs: those of the job's result.
    :param error: what ends the task.
    """
    operator = getattr(task.ti, "task", None)
    if operator is None or not lineage_is_recorded():
        return
    from airflow_azureml.lifecycle.lineage import datasets, names
    from airflow_azureml.rest.json_values import get_any_case, get_text

    definition = get_any_case(job.raw, "properties")
    reading: Flow[tuple[Dataset, ...]] = datasets.read_by(task.workspace, job)
    record = Record(
        job.name,
        names.home(task.workspace),
        get_text(definition, "description"),
        next((text for place in SCRIPTS if (text := get_text(definition, *place))), None),
        dict(job.properties),
        task.run_to_end(reading),
        datasets.written(task.workspace, outputs or {}),
        None if error is None else str(error),
    )
    setattr(operator, ATTRIBUTE, record)
