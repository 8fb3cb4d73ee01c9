#!/usr/bin/env bash
# A Databricks task (provider 7.23.0) that has succeeded runs nothing when it is cleared in Airflow 3.3.2, and is a success again.
#
# `durable`, True by default, keeps the run's number so that a retry finds it after a worker has died. A Clear leaves the
# number there, and what it names has succeeded: whoever corrects a parameter in the DAG, or the code of the job, and clears
# the task sees it succeed at once, with the old result. deferrable=True and durable=False run the job again, and so does,
# by the source, a task that had failed. Airflow's documentation names [state_store] clear_on_success as the way out.
set -euo pipefail
folder=$(mktemp -d)
stop() {
    for pid in $(cat "$folder"/*.pid 2> /dev/null); do kill "$pid" 2> /dev/null || true; done
    wait
    rm -rf "$folder"
}
trap stop EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-databricks==7.23.0 \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

mkdir "$folder/dags"
cat > "$folder/dags/nightly.py" <<'PYTHON'
from airflow.providers.databricks.operators.databricks import DatabricksRunNowOperator
from airflow.sdk import DAG

sample = "1%"
with DAG("nightly", schedule=None) as dag:
    for name, options in {"score": {}, "score_deferrable": {"deferrable": True}, "score_not_durable": {"durable": False}}.items():
        DatabricksRunNowOperator(task_id=name, job_id=7, job_parameters={"task": name, "sample": sample}, **options)
PYTHON
cat > "$folder/databricks.py" <<'PYTHON'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Databricks(BaseHTTPRequestHandler):
    """A workspace whose runs have succeeded by the time that one looks."""

    runs = 0

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/run-now"):
            Databricks.runs += 1
            with open("runs.txt", "a") as file:
                file.write("{task} sample {sample}\n".format_map(request["job_parameters"]))
        self.answer({"run_id": self.runs})

    def do_GET(self):
        state = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
        self.answer({"job_id": 7, "run_page_url": "http://run", "state": state})

    def answer(self, answer):
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


server = ThreadingHTTPServer(("127.0.0.1", 0), Databricks)
Path("databricks.port").write_text(str(server.server_port))
server.serve_forever()
PYTHON
cat > "$folder/expected.txt" <<'TEXT'
first run: score success, score_deferrable success, score_not_durable success; ran:
score sample 1%
score_deferrable sample 1%
score_not_durable sample 1%
corrected and cleared: score success, score_deferrable success, score_not_durable success; ran:
score_deferrable sample 100%
score_not_durable sample 100%
TEXT

cd "$folder"
port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start() { # NAME COMMAND…
    "${@:2}" > "$1.log" 2>&1 &
    echo $! > "$1.pid"
}
start databricks venv/bin/python databricks.py
until [ -s databricks.port ]; do sleep 0.2; done
export HOME="$folder" AIRFLOW_HOME="$folder" PATH="$folder/venv/bin:$PATH" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT=60 \
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$port/execution/" AIRFLOW__API_AUTH__JWT_SECRET=secret-of-thirty-two-bytes-or-more \
    AIRFLOW_CONN_DATABRICKS_DEFAULT="{\"conn_type\": \"databricks\", \"schema\": \"http\", \"host\": \"127.0.0.1\", \"port\": $(cat databricks.port), \"password\": \"token\"}"
airflow db migrate > migrate.log 2>&1
airflow dags reserialize > serialize.log 2>&1
airflow dags unpause nightly > unpause.log 2>&1
start api airflow api-server --host 127.0.0.1 --port "$port" --workers 1
for _ in $(seq 240); do
    python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/api/v2/monitor/health')" 2> /dev/null && break
    sleep 1
done
python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/execution/health')" || true # the first request is slow
start scheduler airflow scheduler

cat > wait.py <<'PYTHON'
import sqlite3
import sys
import time

ended = "SELECT task_id, state FROM task_instance WHERE run_id = 'monday' AND state IN ('success', 'failed') AND try_number >= ? ORDER BY 1"
for _ in range(600):
    with sqlite3.connect("file:airflow.db?mode=ro", uri=True) as database:
        tasks = database.execute(ended, [int(sys.argv[1])]).fetchall()
    if len(tasks) == 3:
        print(", ".join(" ".join(task) for task in tasks))
        break
    time.sleep(0.5)
PYTHON
show() { # TITLE TRY
    echo "$1: $(python wait.py "$2"); ran:" >> seen.txt
    sort runs.txt >> seen.txt
}
touch runs.txt
airflow dags trigger nightly --run-id monday > trigger.log 2>&1
show "first run" 1
sed -i 's/sample = "1%"/sample = "100%"/' dags/nightly.py
: > runs.txt
airflow tasks clear --yes nightly > clear.log 2>&1
show "corrected and cleared" 2
cat seen.txt
diff expected.txt seen.txt && echo "As written down: with Airflow 3.3.2 a cleared Databricks task is a success without a run."
