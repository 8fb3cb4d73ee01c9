"""Runs the DAGs whose names it reads, a line each, by ``dag.test()``; prints a line of JSON for each.

The environment tells the rest: AIRFLOW_HOME with a migrated database and the DAG folder, the connection, PUBLIC_ENDED.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path
from typing import Any

DAGS = """
import json
import os
from datetime import timedelta
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG
from airflow_azureml.operators import AzureMLJobOperator
from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

HERE = Path(__file__).parent


def ended(context):
    error = context.get("exception")
    Path(os.environ["PUBLIC_ENDED"]).write_text("" if error is None else f"{type(error).__name__}: {error}")


for row in json.loads((HERE / "examples.json").read_text()):
    with DAG(row["dag_id"], schedule=None) as dag:
        given = {
            "job": row["path"],
            "set": row["set"] or None,
            "execution_timeout": timedelta(seconds=row["patience"]),
            "on_failure_callback": ended,
        }
        if row["tasks"]:
            AzureMLPipelineTaskGroup("steps", **given)
        else:
            AzureMLJobOperator(task_id="job", **given)
    globals()[row["dag_id"]] = dag
"""
"""The file of the DAG folder, which ``examples.json`` lies beside."""


def run(dags: dict[str, Any], dag_id: str, ended: Path) -> dict[str, Any]:
    """Run one DAG."""
    ended.unlink(missing_ok=True)
    begun = time.monotonic()
    state = dags[dag_id].test().state
    message = ended.read_text(encoding="utf-8") if ended.exists() else ""
    return {"state": str(state.value), "message": message, "seconds": time.monotonic() - begun}


def main() -> None:
    """Run what is asked for until nothing more is; what Airflow prints goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    file = Path(os.environ["AIRFLOW_HOME"]) / "dags" / "public.py"
    dags = runpy.run_path(str(file))
    for line in sys.stdin:
        print(json.dumps(run(dags, line.strip(), Path(os.environ["PUBLIC_ENDED"]))), file=answers, flush=True)


if __name__ == "__main__":
    main()
