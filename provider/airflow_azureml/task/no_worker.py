"""No-worker mode of a task: it starts in the triggerer, or ends there, where nothing is lost by it.

Airflow 3.3 asks each operator for ``start_from_trigger`` and ``start_trigger_args`` when it serialises the DAG: both
are worked out then, and only for tasks that ask for ``start_in_trigger``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from airflow_azureml.task.description import TRIGGER, NotPlainError, describe
from airflow_azureml.task.end_conditions import failure_ends_here, skip_ends_here, why_end_on_worker
from airflow_azureml.task.start_conditions import why_start_on_worker
from airflow_azureml.task.stored_references import StoredReference
from airflow_azureml.version_compat import BaseOperator

LARGEST = 40_000
"""Characters of JSON: MySQL keeps 64 KiB of a trigger's arguments, and encryption makes them a third longer."""


class _OfTask:
    """An attribute that is worked out for a task, and is a constant for its class: mapped tasks start on workers."""

    def __init__(self, of_class: Any, name: str) -> None:
        self._of_class, self._name = of_class, name

    def __get__(self, task: Any, owner: Any = None) -> Any:
        return self._of_class if task is None else getattr(task, self._name)()


class NoWorkerOperator(BaseOperator):
    """A task that may start in the triggerer, ``start_in_trigger``, and end there, ``finish_in_trigger``."""

    start_in_trigger = finish_in_trigger = False
    on_canceled: Any = "fail"
    stream_logs = False
    max_resubmissions: int | None = 0
    only_workers_start: ClassVar[str | None] = None
    """Why tasks of this class never start in the triggerer."""
    further_keywords: ClassVar[tuple[str, ...]] = ()
    """Keywords of Airflow's own classes that the task is made again with."""

    start_was_handed_over = False
    """Whether the triggerer has left the start of this try to a worker, and the log says why."""
    _why_on_worker: str | None = None

    start_from_trigger: Any = _OfTask(False, "_starts_in_trigger")
    start_trigger_args: Any = _OfTask(None, "_start_trigger_args")

    @property
    def skips_failures(self) -> bool:
        """Whether the task is skipped where its job has failed."""
        return False

    def why_start_on_worker(self) -> str | None:
        """What keeps this task from starting in the triggerer; None for nothing."""
        return _described(self)[0]

    def trigger_timeout(self) -> timedelta | None:
        """After which time Airflow ends the trigger; ``execution_timeout`` is taken into account by itself."""
        return None

    def end_in_trigger(self, is_retried: bool) -> dict[str, Any] | None:
        """How the task ends in the triggerer, as a mapping; None where it comes back to a worker.

        :param is_retried: a try follows one that fails.
        """
        if not self.finish_in_trigger or why_end_on_worker(self) is not None:
            return None
        return {
            "operator": type(self).__name__,
            "on_canceled": self.on_canceled,
            "soft_fail": self.skips_failures,
            "stream_logs": self.stream_logs,
            "pushes_result": self.do_xcom_push,
            "fails_here": failure_ends_here(self, is_retried),
            "skips_here": skip_ends_here(self),
            "is_retried": is_retried,
            "resubmits": self.max_resubmissions != 0,
        }

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Render as Airflow does; on a worker, note first why the task has not started in the triggerer."""
        if self.start_in_trigger:
            self._why_on_worker = self.why_start_on_worker()
        super().render_template_fields(context, jinja_env)

    def render_template(self, content: Any, context: Any, jinja_env: Any = None, seen_oids: Any = None) -> Any:
        """Render as Airflow does, and in the triggerer resolve references to other tasks' outputs."""
        if isinstance(content, StoredReference):
            return content.resolve(context["ti"])
        return super().render_template(content, context, jinja_env, seen_oids)

    def say_why_on_worker(self) -> None:
        """Write into the task's log why it has started on a worker although the triggerer was asked for."""
        if self.start_in_trigger and not self.start_was_handed_over:
            default = "mapped tasks do, and so do those that Airflow runs without a triggerer"
            reason = (self._why_on_worker or default).rstrip(".")
            self.log.info("start_in_trigger: this task starts on a worker: %s.", reason)

    def say_why_end_on_worker(self) -> None:
        """Write into the task's log why it ends on a worker although the triggerer was asked for."""
        if self.finish_in_trigger:
            reason = why_end_on_worker(self) or "the triggerer could not end it, or is not to end it so"
            self.log.info("finish_in_trigger: this task ends on a worker: %s.", reason)

    def _validate_start_from_trigger_kwargs(self) -> None:
        """Spare the look for callables that Airflow takes after each constructor: the only argument is a text."""

    def _starts_in_trigger(self) -> bool:
        return self.start_in_trigger and self.why_start_on_worker() is None

    def _start_trigger_args(self) -> Any:
        reason, description = _described(self) if self.start_in_trigger else (None, "")
        if reason is not None or not description:
            return None
        from airflow.triggers.base import StartTriggerArgs

        return StartTriggerArgs(
            trigger_cls=TRIGGER,
            trigger_kwargs={"task_json": description},
            next_method="execute_complete",
            timeout=self.trigger_timeout(),
        )


def _described(task: NoWorkerOperator) -> tuple[str | None, str]:
    """What keeps a task from starting in the triggerer, None for nothing; and what it is made again from."""
    reason = why_start_on_worker(task)
    if reason is not None:
        return reason, ""
    try:
        description = describe(task)
    except NotPlainError as error:
        return str(error), ""
    if len(description) > LARGEST:
        return f"its keywords take {len(description)} characters; {LARGEST} is the limit", ""
    return None, description
