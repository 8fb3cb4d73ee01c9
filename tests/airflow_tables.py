"""Airflow's SQLite database, read by the names that its tables and columns have up to 3.3.

3.4 keeps all tries of a task in one table, calls the map index otherwise, and XComs and rendered fields by the task
instance's id (``models/taskinstance.py``, ``xcom.py`` and ``renderedtifields.py`` of 3.4.0b2). There views, which are
this connection's alone, take the place of the tables.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

VIEWS = """
CREATE TEMP VIEW task_instance AS
    SELECT *, region_index AS map_index FROM main.task_instance WHERE working_set;
CREATE TEMP VIEW task_instance_history AS
    SELECT *, region_index AS map_index FROM main.task_instance WHERE working_set IS NULL;
CREATE TEMP VIEW xcom AS
    SELECT dag_id, run_id, task_id, map_index, key, value
    FROM main.xcom_v2 JOIN task_instance ON task_instance.id = task_instance_id;
CREATE TEMP VIEW rendered_task_instance_fields AS
    SELECT dag_id, run_id, task_id, map_index, rendered_fields
    FROM main.rtif_v2 JOIN task_instance ON task_instance.id = task_instance_id;
"""


def connected(database: Path) -> sqlite3.Connection:
    """A connection to read Airflow's tables by; who asks closes it."""
    connection = sqlite3.connect(database, timeout=30)
    columns = {row[1] for row in connection.execute("PRAGMA table_info(task_instance)")}
    if "region_index" in columns:
        connection.executescript(VIEWS)
    return connection


def write_state(database: Path, state: str | None, **task: str) -> None:
    """Write a state over the one that a task has, as a scheduler does that has read it before that was set.

    :param task: columns of its row: ``dag_id``, ``task_id``, ``run_id``.
    """
    columns = " AND ".join(f"{column} = ?" for column in task)
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute(f"UPDATE task_instance SET state = ? WHERE {columns}", (state, *task.values()))
