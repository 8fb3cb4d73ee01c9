"""What Airflow knows of a task instance's tries beside their number, and of a *Clear* that ``max_tries`` does not show.

That is the *Clear* of a running task whose worker is dead, up to Airflow 3.3.

Such a task becomes ``restarting``. Where its worker ends in order, the scheduler raises ``max_tries``; where it is
dead, that is handled as any failure, and the next try looks like a retry. What tells it from one differs from line to
line. On 3.0 and 3.1 nothing does (on 3.0 there is no next try), and 3.4 raises ``max_tries`` at the *Clear*.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, TRACES_CLEARS, map_index_of

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

TRACEPARENT = re.compile("[0-9a-f]{2}-([0-9a-f]{32})-")
"""The beginning of a ``traceparent``: its version and the trace's id.

Source: W3C Trace Context, https://www.w3.org/TR/trace-context.
"""


def trace_id(ti: Any) -> str | None:
    """The id of a task instance's trace, on Airflow 3.2 and later; None on other lines, and where it has none.

    It is the DAG run's, made with it, and another one from each *Clear* of this task instance on, whether traces are
    sent anywhere or not (``models/taskinstance.py: clear_task_instances``). Nothing else changes it: no retry, no
    deferral, no *Clear* of other tasks of the run. On 3.0 and 3.1 there is none, or one for each try. 3.4 also raises
    ``max_tries`` at each *Clear*, and copies the trace to each further try (``TaskInstance.prepare_db_for_next_try`` of
    3.4.0b2).
    """
    if not TRACES_CLEARS:
        return None
    found = TRACEPARENT.match((getattr(ti, "context_carrier", None) or {}).get("traceparent") or "")
    return found[1] if found else None


def restarted_try(ti: Any) -> int:
    """The last try whose process a *Clear* has told to restart, and which was dead then: on 2.11, else 0.

    A *Clear* of a running task changes the state of its ``LocalTaskJob``, which that sets anew when it ends. A death
    alone leaves the state as it was. Tasks may read the database on 2.11.
    """
    if AIRFLOW_V_3_0_PLUS or ti.try_number == 1:
        return 0
    from airflow.jobs.job import Job
    from airflow.models.taskinstancehistory import TaskInstanceHistory as History
    from airflow.utils.session import create_session

    with create_session() as session:
        tries = session.query(History.try_number).filter_by(**_place(ti)).join(Job, Job.id == History.job_id)
        found = tries.filter(Job.state == "restarting").order_by(History.try_number.desc()).first()
    return 0 if found is None else int(found[0])


def try_starts(ti: Any) -> tuple[int, ...]:
    """When this try of a task has begun, and those before it, in microseconds since 1970; on 2.11, else empty.

    No other task instance has tries that began in the same microseconds, and a DAG run that is deleted takes its own
    along.
    """
    if AIRFLOW_V_3_0_PLUS or ti.start_date is None:
        return ()
    starts = [ti.start_date]
    if ti.try_number > 1:
        from airflow.models.taskinstancehistory import TaskInstanceHistory as History
        from airflow.utils.session import create_session

        with create_session() as session:
            starts += [row[0] for row in session.query(History.start_date).filter_by(**_place(ti)) if row[0]]
    return tuple((start - _EPOCH) // timedelta(microseconds=1) for start in starts)


def _place(ti: Any) -> dict[str, Any]:
    """What a task instance has in common with its tries."""
    return {"dag_id": ti.dag_id, "task_id": ti.task_id, "run_id": ti.run_id, "map_index": map_index_of(ti)}
