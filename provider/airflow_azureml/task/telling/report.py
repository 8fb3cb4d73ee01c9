"""What a job's script reports, handed on to Airflow: XComs, the note, and the extra of asset events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_azureml.task.xcom import NOTE_KEY

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.reports.report import Report


def hand_on(report: Report, ti: Any, log: Any) -> None:
    """Hand a report on.

    A note is pushed like all the rest: a worker of Airflow 3 cannot write one, so the API server does, which sees it
    pass (``plugin.notes``).
    """
    for key, value in report.xcoms.items():
        ti.xcom_push(key=key, value=value)
    if report.xcoms:
        log.info("The job reports %s.", ", ".join(report.xcoms))
    if report.note:
        log.info("The job's note: %s", report.note)
        ti.xcom_push(key=NOTE_KEY, value=report.note)
    if report.asset_extra:
        _add_to_events(report.asset_extra)


def _add_to_events(extra: Any) -> None:
    """Add values to the event of each of the task's outlets, over what is there; those of an alias are made later."""
    from airflow_azureml.version_compat import AirflowException, get_current_context

    try:
        context: Any = get_current_context()
    except (AirflowException, RuntimeError):
        return  # a trigger, which ends no task that has outlets
    events = context.get("outlet_events")
    for outlet in getattr(context.get("task"), "outlets", None) or ():
        if events is not None and isinstance(getattr(outlet, "name", getattr(outlet, "uri", None)), str):
            events[outlet].extra.update(extra)
