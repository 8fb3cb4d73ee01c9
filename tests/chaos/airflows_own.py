"""What Airflow itself did not do, told by its database: no part of the provider runs there."""

from __future__ import annotations

from typing import Any

from tests.chaos.plan import Case
from tests.chaos.world import TASK
from tests.distributed.bed import Bed

NEVER_OURS = {
    "restarting": "a task that was cleared stays `restarting`: its next try is not begun",
    "scheduled": "a task stays `scheduled`",
    "queued": "a task stays `queued`",
    "None": "a task stays without a state: its run had ended",
    "up_for_retry": "a task stays `up_for_retry`",
}
"""States in which no process of a task runs, so that only the scheduler can go on with it."""

SILENCE = 120.0
"""Seconds without a heartbeat of a running task after which the scheduler must have seen to it: the bed's time-out is
30 s, and so is the pause between two looks for the tasks of schedulers that have died."""

QUERY = (
    "SELECT t.id, t.triggerer_id, {age} FROM task_instance ti "
    "LEFT JOIN trigger t ON t.id = ti.trigger_id WHERE ti.run_id = ? AND ti.task_id = ?"
)
AGES = {3: "EXTRACT(EPOCH FROM now() - ti.last_heartbeat_at)", 2: "NULL"}
"""Seconds since a task's last heartbeat; 2.11 keeps it elsewhere."""


def seen(bed: Bed, case: Case) -> dict[str, Any]:
    """What the database holds of a task that is stuck, before anybody touches it."""
    rows = bed.airflow.sql(QUERY.format(age=AGES[bed.airflow.major]), case.run, TASK)
    if not rows or not rows[0]:
        return {}
    trigger, triggerer, silence = rows[0]
    return {"trigger": trigger, "triggerer": triggerer, "silence": silence if silence is None else float(silence)}


def cause(case: Case) -> str | None:
    """Why a run is stuck without anything of the provider being there; None where that is not so."""
    stuck = next((row for row in case.history if row["what"] == "stuck"), None)
    if stuck is None:
        return None
    state, facts = str(stuck["state"]), stuck["seen"]
    if state in NEVER_OURS:
        return NEVER_OURS[state]
    if state == "running" and (facts.get("silence") or 0) > SILENCE:
        return "a task stays `running`, and nothing has sent a heartbeat for it"
    if state == "deferred" and facts.get("trigger") is None:
        return "a task stays `deferred`, and its trigger is gone"
    if state == "deferred" and facts.get("triggerer") is None:
        return "a task stays `deferred`, and no triggerer takes its trigger"
    return None
