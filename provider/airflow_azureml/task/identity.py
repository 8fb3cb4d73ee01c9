"""The identity of a task instance, read from Airflow's context: everything its job's name is made of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.lifecycle.naming import Iteration, JobIdentity, TaskFacts, identify
from airflow_azureml.task.clears import restarted_try, trace_id, try_starts
from airflow_azureml.version_compat import map_index_of

OUTSIDE_OF_REGIONS = UUID(int=0)
"""What Airflow 3.4 gives as the region of a task instance that is neither mapped nor in a loop."""


def job_identity(context: Any, retries: int, name_hint: str | None = None) -> JobIdentity:
    """Name the jobs of a task instance; parameters and errors as for ``task_facts``."""
    return identify(task_facts(context, retries, name_hint))


def task_facts(context: Any, retries: int, name_hint: str | None = None) -> TaskFacts:
    """Read the facts of a task instance.

    :param retries: of the task.
    :raises AzureMLSpecError: it is in a loop, and nothing distinguishes its iterations.
    """
    ti = context["ti"]
    return TaskFacts(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        run_started=context["dag_run"].start_date,
        task_id=ti.task_id,
        map_index=map_index_of(ti),
        generation=max(ti.max_tries - retries, 0),
        name_hint=name_hint,
        try_number=ti.try_number,
        reschedules=context.get("task_reschedule_count") or 0,
        iteration=iteration(context),
        trace_id=trace_id(ti),
        cleared_try=restarted_try(ti),
        try_starts=try_starts(ti),
    )


def iteration(context: Any) -> Iteration | None:
    """The iteration of the Task Loop (Airflow 3.4) that the task runs in; None outside of loops.

    Mapped task instances have a region outside of loops, too: there it does not count, as on older Airflows.

    :raises AzureMLSpecError: Airflow does not report the region.
    """
    loop = context.get("loop")
    if loop is None:
        return None
    ti = context["ti"]
    region, index = getattr(ti, "region_id", None), getattr(ti, "region_index", None)
    if region in (None, OUTSIDE_OF_REGIONS, str(OUTSIDE_OF_REGIONS)) or index is None:
        raise AzureMLSpecError(
            f"Task {ti.task_id} is in a Task Loop, but Airflow does not report the region of its iteration "
            f"{loop.index} (region_id is {region!r}, region_index {index!r}), so its job could not be distinguished "
            "from those of other iterations. Nothing was submitted."
        )
    return Iteration(loop.index, str(region), index)
