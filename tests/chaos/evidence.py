"""What Airflow's database and logs hold of a run that went wrong, kept with the result while the bed is still there."""

from __future__ import annotations

import itertools
from typing import Any

from tests.chaos.plan import Case
from tests.chaos.world import TASK
from tests.distributed.bed import Bed

TRIES = "try_number, state, start_date, end_date, hostname, pid, next_method"
LINES, LETTERS = 80, 8000
"""The most lines of the parts' logs, and the last letters of the task's, that are kept of a run."""


def evidence(bed: Bed, case: Case) -> dict[str, Any]:
    """The tries of a task, what people and Airflow did to it, what the parts said of it, and the end of its log."""
    airflow, where = bed.airflow, (case.run, TASK)
    own = "id" if airflow.major > 2 else "run_id"
    rows = airflow.sql(
        f"SELECT {own}, {TRIES} FROM task_instance WHERE run_id = ? AND task_id = ?",
        *where,
    )
    earlier = "task_instance_id" if airflow.major > 2 else "run_id"
    rows += airflow.sql(
        f"SELECT {earlier}, {TRIES} FROM task_instance_history WHERE run_id = ? AND task_id = ? ORDER BY start_date",
        *where,
    )
    events = airflow.sql(
        "SELECT dttm, event, owner, try_number, extra FROM log WHERE run_id = ? AND dag_id = ? ORDER BY dttm",
        case.run,
        case.dag,
    )
    words = {str(row[0]) for row in rows if row} | {f"run_id='{case.run}'", f"'{case.run}'", f" {case.run} "}
    return {
        "tries": [list(map(str, row)) for row in rows if row],
        "events": [list(map(str, row)) for row in events if row],
        "parts": said(bed, words),
        "log": airflow.log(case.dag, case.run, TASK)[-LETTERS:],
    }


def said(bed: Bed, words: set[str]) -> list[str]:
    """The newest lines of the parts' logs that hold one of some words, with the name of the part before each."""
    found = []
    for name in bed.airflow.running:
        place = bed.airflow.home / f"{name}.log"
        with place.open(encoding="utf-8", errors="replace") as lines:
            mine = [f"{name}: {line.strip()[:400]}" for line in lines if any(word in line for word in words)]
        found.append(mine[-LINES:])
    return list(itertools.chain.from_iterable(found))
