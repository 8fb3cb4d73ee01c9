"""Deferral: the try that was deferred continues from its event; any other try starts over.

Airflow 3.0 keeps ``next_method`` and ``next_kwargs`` of a deferred try that failed (3.0.6: nothing in
``execution_api/routes/task_instances.py: ti_update_state`` clears them; 3.1 and later do). Its retry is then not
executed but resumed, with the event of the first try, and would report the first try's job once more.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml.task.telling.callback_context import tell_of_deferred_job
from airflow_azureml.task.xcom import DEFERRAL_KEY, pull_job_name, pull_own
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS, BaseOperator

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.records import JobEvent

KEEPS_NEXT_METHOD = AIRFLOW_V_3_0_PLUS and not AIRFLOW_V_3_1_PLUS
"""Whether this Airflow resumes a try with what an earlier one left behind."""

HANDED_OVER = "handed over"
"""The outcome of a trigger that leaves the start of its task to a worker."""

BACKSTOP = 60.0
"""Seconds after the trigger's own deadline at which Airflow ends the deferral: the trigger can say what happened."""


@dataclass(frozen=True)
class Handover:
    """What a trigger says that was to start a task and leaves that to a worker.

    :param begun: it may have submitted the job.
    """

    reason: str
    begun: bool
    try_number: int

    def to_event(self) -> dict[str, Any]:
        """The trigger's event."""
        return {"outcome": HANDED_OVER, **asdict(self)}

    @classmethod
    def of(cls, event: Any) -> Handover | None:
        """Read an event back; None if it is another one."""
        if not isinstance(event, Mapping) or event.get("outcome") != HANDED_OVER:
            return None
        return cls(str(event.get("reason")), bool(event.get("begun")), int(event.get("try_number") or 0))


class DeferrableOperator(BaseOperator):
    """A task that defers; its trigger brings the number of the try that was deferred back in its event."""

    begun_in_trigger = False
    """Whether this very try has begun in the triggerer, and a job that is there may be its own."""
    has_named_no_job = False
    """Whether this try, begun in the triggerer, has not come to submitting: the name of its job is not recorded."""
    has_studio_page: bool | None = None
    """Whether this try may have pushed the address of its job's page; None for a task without a job."""
    _began: float | None = None

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Go on where this try left off; begin anew where it was another try that was deferred."""
        ti = context["ti"]
        note = self._noted_deferral(ti)
        deferred = _try_of_event(next_kwargs)
        if deferred is None:
            deferred = note.get("try_number")
        if deferred is not None and deferred != ti.try_number:
            self.log.info("Airflow resumed the deferral of try %s: try %s starts over.", deferred, ti.try_number)
            self._began = time.time()
            return self.execute(context)
        self._began = note.get("began")
        handover = Handover.of((next_kwargs or {}).get("event"))
        if handover is not None:
            self.begun_in_trigger, self.start_was_handed_over = handover.begun, True
            self.log.info("start_in_trigger: this task starts on a worker: %s.", handover.reason.rstrip("."))
            return self.execute(context)
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except Exception:
            if self.has_studio_page is not None:
                tell_of_deferred_job(ti, (next_kwargs or {}).get("event"))
            raise

    def began(self, ti: Any) -> float:
        """Epoch seconds at which this try began, over all of its deferrals.

        Airflow 3.0 keeps the start of the first deferred try for those that it resumes by mistake.
        """
        if self._began is not None:
            return self._began
        return ti.start_date.timestamp() if ti.start_date else time.time()

    def begin_at(self, began: float | None) -> None:
        """Say when this try began, in epoch seconds, where Airflow does not; None for now."""
        self._began = time.time() if began is None else began

    def defer_to(self, ti: Any, trigger: Any, deadline: float | None, backstop: float = BACKSTOP) -> None:
        """Hand the waiting over to a trigger; the task comes back in ``execute_complete``. Does not return.

        :param deadline: epoch seconds at which the task's time is up; None for never.
        :param backstop: seconds after the deadline at which Airflow ends the deferral.
        """
        self.note_deferral(ti)
        left = None if deadline is None else timedelta(seconds=max(deadline - time.time(), 0) + backstop)
        self.defer(trigger=trigger, method_name="execute_complete", timeout=left)

    def note_deferral(self, ti: Any) -> None:
        """Note which try is deferred where Airflow does not report it: a trigger that breaks fires no event."""
        if KEEPS_NEXT_METHOD:
            ti.xcom_push(key=DEFERRAL_KEY, value={"try_number": ti.try_number, "began": self.began(ti)})

    def _noted_deferral(self, ti: Any) -> Mapping[str, Any]:
        if not KEEPS_NEXT_METHOD:
            return {}
        found = pull_own(ti, DEFERRAL_KEY)
        return found if isinstance(found, Mapping) else {}


def event_of_job(event: Any, ti: Any) -> JobEvent:
    """Read the event of a job's trigger. One that is not understood still means that it is time to look at the job.

    :raises RecordError: it is not understood, and the task has left no job's name.
    """
    from airflow_azureml.lifecycle.records import JobEvent
    from airflow_azureml.rest.errors import RecordError

    try:
        return JobEvent.from_dict(event)
    except RecordError as error:
        name = pull_job_name(ti)
        if name is None:
            raise
        return JobEvent(name, "error", message=f"{error} Job {name} goes on; a retry finds it.")


def _try_of_event(next_kwargs: Mapping[str, Any] | None) -> int | None:
    """The number of the try that an event belongs to; None for an event of none of our triggers, or an older one's."""
    event = (next_kwargs or {}).get("event")
    found = event.get("try_number") if isinstance(event, Mapping) else None
    return found if isinstance(found, int) else None
