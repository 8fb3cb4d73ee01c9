"""Metrics and spans of ours, sent through Airflow's own: StatsD, Datadog or OpenTelemetry, as its configuration says.

Nothing here can fail a task or keep it waiting, and where Airflow's metrics are off nothing is imported or measured. No
tag holds a job's name or a run's id, so that the number of series stays that of the tasks. ``docs/metrics.md`` lists
the names.

Airflow makes its metrics ready in each process by itself: up to 3.1 when they are first asked for, since 3.2 when the
task runner begins or ``airflow.sdk.serde`` is imported (``task_runner.main``, ``serde._register``), with which triggers
are made.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import Any

from airflow_azureml.version_compat import conf

JOBS_WAITING = "azureml.jobs.waiting"
REQUESTS = "azureml.requests"
THROTTLED = "azureml.throttled"
JOB_QUEUED = "azureml.job.queued"
JOB_RUN = "azureml.job.run"
NODE_SECONDS = "azureml.job.node_seconds"
EVENT_DELAY = "azureml.event.delay"

SWITCHES = ("statsd_on", "statsd_datadog_enabled", "otel_on")
"""What switches metrics on, in Airflow's section ``[metrics]``."""

THROTTLES = frozenset({429, 503})
"""Answers that ask for fewer requests: 429 is Azure Resource Manager's (Microsoft Learn, "Understand how Azure Resource
Manager throttles requests"), 503 that of a service that is too busy; azure-core takes both as such."""

NOTHING = contextlib.nullcontext()
"""What is entered where nobody wants to know; one for all, for thousands may wait in it."""

Tags = Mapping[str, str]

log = logging.getLogger(__name__)


@functools.cache
def metrics_on() -> bool:
    """Whether Airflow sends metrics."""
    return any(conf.getboolean("metrics", switch, fallback=False) for switch in SWITCHES)


@functools.cache
def traces_on() -> bool:
    """Whether Airflow sends traces."""
    return bool(conf.getboolean("traces", "otel_on", fallback=False))


@functools.cache
def _stats() -> Any:
    """Airflow's ``Stats``."""
    with contextlib.suppress(ImportError):
        import_module("airflow.sdk.serde")
    from airflow_azureml.version_compat import Stats

    return Stats


@contextlib.contextmanager
def _harmless() -> Iterator[None]:
    """Whatever is wrong with metrics is not the task's trouble."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - Airflow's own, statsd's, OpenTelemetry's
        log.debug("A metric was not sent: %s", error)


def gauge(name: str, value: float, tags: Tags) -> None:
    """Send how much of something there is."""
    if metrics_on():
        with _harmless():
            _stats().gauge(name, value, tags=dict(tags))


def _timing(name: str, begun: datetime | None, ended: datetime | None, tags: Tags) -> None:
    """Send how long something took, if both ends are known; never below 0, for clocks of two machines may disagree."""
    if begun is not None and ended is not None:
        _stats().timing(name, max(ended - begun, timedelta()), tags=dict(tags))


def event_delay(ended_at: datetime | None, ti: Any, workspace: str) -> None:
    """Send how long after the end of a job, as the service tells it, its event is fired: now.

    :param ti: the task instance that waits for the event; None where it is none.
    """
    if metrics_on():
        with _harmless():
            _timing(EVENT_DELAY, ended_at, datetime.now(timezone.utc), {**_task_tags(ti), "workspace": workspace})


def job_times(
    created_at: datetime | None, started_at: datetime | None, ended_at: datetime | None, ti: Any, workspace: str
) -> None:
    """Send how long a task's job was queued and ran, as far as the service tells it."""
    if metrics_on():
        with _harmless():
            tags = _job_tags(ti, workspace)
            _timing(JOB_QUEUED, created_at, started_at, tags)
            _timing(JOB_RUN, started_at, ended_at, tags)


def node_time(usage: Mapping[str, Any], ti: Any, workspace: str) -> None:
    """Count the seconds of nodes that a task's job has used, if the service tells them."""
    hours = usage.get("node_hours")
    if metrics_on() and hours is not None:
        with _harmless():
            tags = {**_job_tags(ti, workspace), "vm_size": usage.get("vm_size") or "unknown"}
            _stats().incr(NODE_SECONDS, count=round(hours * 3600), tags=tags)


def request_counter(workspace: str) -> Callable[[str, int | None], None] | None:
    """Make what counts requests: called with the plane and the answer's status, None where none came.

    Blocks where it is the first of its process: the way that metrics go begins with a host's name, which is looked up.

    :return: None where nobody wants to know.
    """
    if not metrics_on():
        return None
    with _harmless():
        _stats().timer()

    def count(plane: str, status: int | None) -> None:
        tags = {"workspace": workspace, "plane": plane, "status": "none" if status is None else str(status)}
        with _harmless():
            _stats().incr(REQUESTS, tags=dict(tags))
            if status in THROTTLES:
                _stats().incr(THROTTLED, tags=dict(tags))

    return count


def _job_tags(ti: Any, workspace: str) -> dict[str, str]:
    """The tags of a metric about a task's job."""
    operator = getattr(ti, "operator", None) or type(ti.task).__name__
    return {**_task_tags(ti), "workspace": workspace, "operator": operator}


def _task_tags(ti: Any) -> dict[str, str]:
    """The tags that Airflow gives its own metrics of a task instance; none for a trigger that waits for no task."""
    if ti is None:
        return {}
    return dict(getattr(ti, "stats_tags", None) or {"dag_id": ti.dag_id, "task_id": ti.task_id})


def span(name: str, **attributes: str) -> contextlib.AbstractContextManager[None]:
    """Trace a part of a task, below Airflow's own span of the task or trigger (since 3.2, ``[traces] otel_on``)."""
    return _span(name, attributes) if traces_on() else NOTHING


@contextlib.contextmanager
def _span(name: str, attributes: Mapping[str, str]) -> Iterator[None]:
    from opentelemetry import trace

    tracer = trace.get_tracer("airflow_azureml")
    with tracer.start_as_current_span(name, attributes={f"azureml.{key}": text for key, text in attributes.items()}):
        yield
