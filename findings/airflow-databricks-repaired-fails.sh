#!/usr/bin/env bash
# A Databricks run that Airflow has had repaired, and that has then succeeded, is a failed task with provider 7.23.0.
#
# With repair_run=True the operator has the failed tasks of a run done again, waits until they have succeeded, logs that,
# and raises the error of the first time all the same. A retry finds the run done where Airflow 3.3 has kept its number;
# with durable=False, or before 3.3, it does all of the work a second time. Deferred, the same task succeeds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-databricks==7.23.0 \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
on a worker: started, failed, repaired, succeeded; the task: failed
its retry: nothing; the task: success
on a worker, durable=False: started, failed, repaired, succeeded; the task: failed
its retry: started, failed, repaired, succeeded; the task: failed
deferred: started, failed, repaired, succeeded; the task: success
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder/airflow" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
import asyncio
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

from airflow.exceptions import AirflowException
from airflow.providers.databricks.operators.databricks import DatabricksRunNowOperator
from airflow.sdk.exceptions import TaskDeferred

seen = []


class Databricks(BaseHTTPRequestHandler):
    """A workspace in which each run fails, and succeeds once it is repaired; both after it was seen running."""

    happened = []
    states = []  # what further looks will see; the last one stays

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        repair = self.path.endswith("/repair")
        self.happened += ["repaired", "succeeded"] if repair else ["started", "failed"]
        running = {"life_cycle_state": "RUNNING", "state_message": ""}
        ended = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS" if repair else "FAILED", "state_message": ""}
        Databricks.states = [running] * 3 + [ended]
        self.answer({"run_id": 1, "repair_id": 1})

    def do_GET(self):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        history = [{"type": "ORIGINAL"}]
        self.answer({"job_id": 7, "run_page_url": "http://run", "state": state, "tasks": [], "repair_history": history})

    def answer(self, answer):
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


class Tries:
    """What a task's tries share: the store of Airflow 3.3 in which an operator keeps the number of its run."""

    def __init__(self, **options):
        self.options, self.kept = options, {}

    def run(self, title):
        Databricks.happened = []
        store = SimpleNamespace(get=self.kept.get, set=self.kept.__setitem__)
        context = {"ti": SimpleNamespace(xcom_push=lambda **values: None, stats_tags={}), "task_state_store": store}
        operator = DatabricksRunNowOperator(
            task_id="score", job_id="7", repair_run=True, polling_period_seconds=0.1, **self.options
        )
        step, arguments = operator.execute, {}
        try:
            while step:
                try:
                    step = step(context, **arguments)
                except TaskDeferred as deferred:
                    step = getattr(operator, deferred.method_name)
                    arguments = {"event": asyncio.run(first(deferred.trigger))}
            end = "success"
        except AirflowException:
            end = "failed"
        seen.append(f"{title}: {', '.join(Databricks.happened) or 'nothing'}; the task: {end}\n")


async def first(trigger):
    async for event in trigger.run():
        return event.payload


server = ThreadingHTTPServer(("127.0.0.1", 0), Databricks)
threading.Thread(target=server.serve_forever, daemon=True).start()
connection = {"conn_type": "databricks", "schema": "http", "host": "127.0.0.1", "port": server.server_port, "password": "token"}
os.environ["AIRFLOW_CONN_DATABRICKS_DEFAULT"] = json.dumps(connection)
for title, options in {"on a worker": {}, "on a worker, durable=False": {"durable": False}}.items():
    tries = Tries(**options)
    tries.run(title)
    tries.run("its retry")
Tries(deferrable=True).run("deferred")
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: a Databricks run that was repaired fails its task, with provider 7.23.0."
