"""Runs one example by ``dag.test()`` and prints, as JSON, what became of it; run by Airflow 2.11.

    python run_dag.py <dag file> <dag id>

The environment tells the rest: AIRFLOW_HOME with a migrated database, the DAG folder, the connection.
"""

from __future__ import annotations

import json
import runpy
import sys


def main(file: str, dag_id: str) -> None:
    """Run the DAG of this file and print states and results of its tasks on the last line."""
    dag = next(one for one in runpy.run_path(file).values() if getattr(one, "dag_id", None) == dag_id)
    run = dag.test()
    tasks = {
        task.task_id: {"state": task.state, "result": task.xcom_pull(task_ids=task.task_id)}
        for task in run.get_task_instances()
    }
    print(json.dumps({"state": run.state, "tasks": tasks}, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
