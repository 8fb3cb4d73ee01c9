#!/usr/bin/env bash
# With deferrable=True, tasks of Airflow's http provider 6.3.0 send other requests than on a worker: without their body, three times, or without a pause.
#
# HttpOperator leaves request_kwargs out, which is where json= stands: the service gets an empty form, and what it answers is
# the task's result. A request that was answered 500 or more is sent three times within the trigger, a POST as well, also with retries=0,
# and retry_args is not asked; on a worker it is sent once. With a pagination_function the first page is read, and then
# the task fails, for a response cannot be kept while it is deferred.
# HttpSensor fails at once at a 401, 403 or 500 on a worker. Once it is deferred, anything but a 404 is asked for again until it
# succeeds or the sensor's timeout is over, by default after seven days, and poke_interval is kept at a 404 alone:
# a service that answers 429, which response_error_codes_allowlist is there for, is asked hundreds of times a second.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-http==6.3.0 \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
request_kwargs with json on a worker: success, sent POST {"day": "monday"}
request_kwargs with json deferred: success, sent POST
a POST that is answered 500 on a worker: AirflowException, sent POST start
a POST that is answered 500 deferred: AirflowException, sent POST start, POST start, POST start
two pages on a worker: success, sent GET ?page=1, GET ?page=2
two pages deferred: TypeError, sent GET ?page=1
a sensor that is answered 404 and 403 on a worker: AirflowException, sent GET, GET
a sensor that is answered 404 and 403 deferred: still waiting, sent more than 50 in 3 seconds
a sensor that is answered 429, which is allowed, on a worker: still waiting, sent fewer than 10 in 3 seconds
a sensor that is answered 429, which is allowed, deferred: still waiting, sent more than 50 in 3 seconds
a sensor's json on a worker: success, sent POST {"day": "monday"}, POST {"day": "monday"}
a sensor's json deferred: success, sent POST {"day": "monday"}, POST
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder/airflow" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
import asyncio
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk.exceptions import AirflowException, AirflowSensorTimeout, TaskDeferred
from airflow.sdk.serde import deserialize, serialize

seen = []


class Service(BaseHTTPRequestHandler):
    """Answers with one status after the other, the last one for good, and keeps what it was asked."""

    statuses, asked = [], []

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.asked.append(" ".join(part for part in (self.command, self.path.removeprefix("/score"), body) if part))
        self.send_response(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


def kept(values):
    """What is left of values that are kept in Airflow's database, as its task runner puts them there."""
    return deserialize(json.loads(json.dumps(serialize(values))))


async def first(trigger):
    async for event in trigger.run():
        return event.payload


def run(title, operator, statuses, **options):
    for where, deferrable in (" on a worker", False), (" deferred", True):
        Service.statuses, Service.asked = list(statuses), []
        task = operator(task_id="score", endpoint="score", deferrable=deferrable, **options)
        step, arguments = task.execute, {}
        try:
            while step:
                try:
                    step = step({}, **arguments) and None
                except TaskDeferred as deferred:
                    trigger = type(deferred.trigger)(**kept(deferred.trigger.serialize()[1]))
                    arguments = kept(deferred.kwargs or {})
                    arguments["event"] = asyncio.run(asyncio.wait_for(first(trigger), 3))
                    step = getattr(task, deferred.method_name)
            end = "success"
        except (AirflowSensorTimeout, TimeoutError):
            end = "still waiting"
        except (AirflowException, TypeError) as raised:
            end = type(raised).__name__
        asked = Service.asked
        if end == "still waiting":
            sent = "fewer than 10 in 3 seconds" if len(asked) < 10 else "more than 50 in 3 seconds" if len(asked) > 50 else asked
        else:
            sent = ", ".join(asked)
        seen.append(f"{title}{where}: {end}, sent {sent}\n")


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["AIRFLOW_CONN_HTTP_DEFAULT"] = json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": server.server_port})
body = {"json": {"day": "monday"}}
run("request_kwargs with json", HttpOperator, [200], request_kwargs=body)
run("a POST that is answered 500", HttpOperator, [500], data="start")
pages = {"method": "GET", "data": {"page": 1}}
run("two pages", HttpOperator, [200], **pages, pagination_function=lambda page: {"data": {"page": 2}} if "=1" in page.url else None)
run("a sensor that is answered 404 and 403", HttpSensor, [404, 403], poke_interval=1)
waiting = {"poke_interval": 1.2, "timeout": 3, "response_error_codes_allowlist": ["429"]}
run("a sensor that is answered 429, which is allowed,", HttpSensor, [429], **waiting)
run("a sensor's json", HttpSensor, [404, 200], method="POST", poke_interval=1, request_kwargs=body)
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what the http provider 6.3.0 of Airflow sends when a task is deferred."
