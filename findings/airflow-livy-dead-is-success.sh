#!/usr/bin/env bash
# A Spark batch that has died is a success for Airflow's LivySensor, and for a deferred LivyOperator by its defaults (apache-livy 4.6.4).
#
# The sensor asks whether a batch has ended, not how: `dead`, `killed` and `error` are what it waits for. So the usual pair of an
# operator that only starts a batch and a sensor that waits for it reports success whatever happens to the batch.
# deferrable=True with the default polling_interval=0 does not wait: the trigger answers "Batch 7 succeeded" while it is starting,
# and what comes after the task runs on data that is not there yet. With a polling_interval the batch is waited for,
# but livy_endpoint_prefix is lost on the way: the trigger asks for /batches/7, and where another Livy answers there, as behind
# a gateway, it is that one's batch 7 that the task succeeds with.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-apache-livy==4.6.4 \
    apache-airflow-providers-http==6.3.0 apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
LivySensor, dead: success, saw running, dead
LivySensor, killed: success, saw running, killed
LivySensor, error: success, saw running, error
LivyOperator on a worker with polling_interval=1: failed, saw running, dead
LivyOperator deferred with polling_interval=1: failed, saw running, dead
LivyOperator deferred: success, saw running
LivyOperator on a worker with a prefix: failed, saw running, dead
LivyOperator deferred with a prefix: success, saw running, success of another's batch
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
from airflow.providers.apache.livy.operators.livy import LivyOperator
from airflow.providers.apache.livy.sensors.livy import LivySensor
from airflow.sdk.exceptions import TaskDeferred

seen = []


class Livy(BaseHTTPRequestHandler):
    """A Livy below a prefix, whose batch 7 takes one state after the other, and another's batch 7 without it."""

    prefix, states, shown = "", [], []

    def do_GET(self):
        state = "success"
        if self.path.startswith(self.prefix + "/batches"):
            state = self.states[0]
        if self.path.endswith("/state"):
            own = self.path.startswith(self.prefix + "/batches")
            self.shown.append(state if own else f"{state} of another's batch")
            if own and len(self.states) > 1:
                self.states.pop(0)
        self.answer({"id": 7, "state": state, "appId": "application_7", "from": 0, "total": 0, "log": []})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"id": 7, "state": "starting"})

    def answer(self, answer):
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


async def first(trigger):
    async for event in trigger.run():
        return event.payload


def run(title, task, last="dead", prefix=""):
    Livy.prefix, Livy.states, Livy.shown = prefix, ["running", last], []
    context = {"ti": SimpleNamespace(xcom_push=lambda **values: None, stats_tags={})}
    step, arguments = task.execute, {}
    try:
        while step:
            try:
                step = step(context, **arguments) and None
            except TaskDeferred as deferred:
                trigger = type(deferred.trigger)(**deferred.trigger.serialize()[1])
                arguments = {"event": asyncio.run(first(trigger))}
                step = getattr(task, deferred.method_name)
        end = "success"
    except AirflowException:
        end = "failed"
    seen.append(f"{title}: {end}, saw {', '.join(Livy.shown)}\n")


server = ThreadingHTTPServer(("127.0.0.1", 0), Livy)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["AIRFLOW_CONN_LIVY_DEFAULT"] = json.dumps({"conn_type": "livy", "host": "127.0.0.1", "port": server.server_port})
for state in "dead", "killed", "error":
    run(f"LivySensor, {state}", LivySensor(task_id="wait", batch_id=7, poke_interval=1), state)


def score(**options):
    return LivyOperator(task_id="score", file="score.py", **options)


run("LivyOperator on a worker with polling_interval=1", score(polling_interval=1))
run("LivyOperator deferred with polling_interval=1", score(polling_interval=1, deferrable=True))
run("LivyOperator deferred", score(deferrable=True))
options = {"polling_interval": 1, "livy_endpoint_prefix": "spark"}
run("LivyOperator on a worker with a prefix", score(**options), prefix="/spark")
run("LivyOperator deferred with a prefix", score(**options, deferrable=True), prefix="/spark")
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which ends of a batch the apache-livy provider 4.6.4 of Airflow takes for success."
