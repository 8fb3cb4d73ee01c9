#!/usr/bin/env bash
# A DataBrew job that has failed is a success for Airflow's operator (amazon 9.39.0), and so is an SSM command that fails on machines chosen by a tag.
#
# GlueDataBrewStartJobOperator waits for FAILED, TIMEOUT and STOPPED as it does for SUCCEEDED, and looks at none of them: on a
# worker and deferred, no job can fail its task. SsmRunCommandOperator waits for the machines that the request names; with
# Targets, which is how machines are chosen by a tag, the answer names none, and the task succeeds while the command starts.
# Deferred, it waits for those that have begun by then. StepFunctionGetExecutionOutputOperator succeeds with the error's
# name as its result if the execution has failed; an execution that has timed out fails the sensor, and a deferred
# StepFunctionStartExecutionOperator asks after it until waiter_max_attempts are used up, by default half an hour.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-amazon==9.39.0 \
    aiobotocore==3.10.0 apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
DataBrew FAILED: on a worker success, deferred success
DataBrew TIMEOUT: on a worker success, deferred success
DataBrew STOPPED: on a worker success, deferred success
SSM command that fails on a named machine: on a worker failed, deferred failed
SSM command that fails on machines of a tag: on a worker success, deferred success
Step Functions FAILED: output success with 'States.TaskFailed', sensor failed, deferred failed after 1 look
Step Functions TIMED_OUT: output success with 'States.Timeout', sensor failed, deferred failed after 4 looks
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
from airflow.providers.amazon.aws.operators.glue_databrew import GlueDataBrewStartJobOperator
from airflow.providers.amazon.aws.operators.ssm import SsmRunCommandOperator
from airflow.providers.amazon.aws.operators.step_function import (
    StepFunctionGetExecutionOutputOperator,
    StepFunctionStartExecutionOperator,
)
from airflow.providers.amazon.aws.sensors.step_function import StepFunctionExecutionSensor
from airflow.sdk.exceptions import TaskDeferred
from botocore.exceptions import WaiterError

seen = []
ERRORS = {"FAILED": "States.TaskFailed", "TIMED_OUT": "States.Timeout"}
MACHINE = "arn:aws:states:eu-west-1:111111111111:stateMachine:score"
EXECUTION = "arn:aws:states:eu-west-1:111111111111:execution:score:1"


class Services(BaseHTTPRequestHandler):
    """DataBrew, Step Functions and SSM, whose work has ended badly by the time that one looks."""

    state, looks = "", 0

    def do_GET(self):
        self.answer({"JobName": "clean", "RunId": "1", "State": self.state, "ErrorMessage": "no rows"})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "{}")
        action = (self.headers["X-Amz-Target"] or "").rpartition(".")[2]
        if action == "SendCommand":
            self.answer({"Command": {"CommandId": "1" * 36, "InstanceIds": request.get("InstanceIds", [])}})
        elif action == "ListCommandInvocations":  # those of a tag's machines come a moment later
            named = [{"InstanceId": "i-1"}] if Services.state == "named" else []
            self.answer({"CommandInvocations": named})
        elif action == "GetCommandInvocation":
            self.answer({"Status": "Failed", "ResponseCode": 1})
        elif action == "StartExecution":
            self.answer({"executionArn": EXECUTION, "startDate": 1})
        elif action == "DescribeExecution":
            Services.looks += 1
            times = {"startDate": 1, "stopDate": 2}
            error = {"error": ERRORS[self.state], "cause": "no rows"}
            self.answer({"executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": self.state, **times, **error})
        else:
            self.answer({"RunId": "1"})

    def answer(self, answer):
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Services)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update(
    AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}",
    AWS_ACCESS_KEY_ID="key",
    AWS_SECRET_ACCESS_KEY="secret",
    AWS_DEFAULT_REGION="eu-west-1",
)
context = {"ti": SimpleNamespace(xcom_push=lambda **values: None)}


async def first(trigger):
    async for event in trigger.run():
        return event.payload


def end_of(operator, result=False, **options):
    Services.looks = 0
    task = operator(task_id="run", aws_conn_id=None, **options)
    try:
        try:
            answer = task.execute(context)
        except TaskDeferred as deferred:
            answer = getattr(task, deferred.method_name)(context, asyncio.run(first(deferred.trigger)))
    except (AirflowException, RuntimeError, WaiterError):
        return "failed"
    return f"success with {answer!r}" if result else "success"


def both(title, operator, **options):
    worker = end_of(operator, deferrable=False, **options)
    seen.append(f"{title}: on a worker {worker}, deferred {end_of(operator, deferrable=True, **options)}\n")


WAITING = {"waiter_delay": 1, "waiter_max_attempts": 4}
for state in "FAILED", "TIMEOUT", "STOPPED":
    Services.state = state
    both(f"DataBrew {state}", GlueDataBrewStartJobOperator, job_name="clean", **WAITING)
machines = {"named machine": {"InstanceIds": ["i-1"]}, "machines of a tag": {"Targets": [{"Key": "tag:role", "Values": ["score"]}]}}
for kind, chosen in machines.items():
    Services.state = kind.split()[0]
    article = "a " if kind == "named machine" else ""
    command = {"document_name": "AWS-RunShellScript", "run_command_kwargs": {"Parameters": {"commands": ["exit 1"]}, **chosen}}
    both(f"SSM command that fails on {article}{kind}", SsmRunCommandOperator, **command, **WAITING)
for state in ERRORS:
    Services.state = state
    output = end_of(StepFunctionGetExecutionOutputOperator, result=True, execution_arn=EXECUTION)
    sensor = end_of(StepFunctionExecutionSensor, execution_arn=EXECUTION)
    deferred = end_of(StepFunctionStartExecutionOperator, state_machine_arn=MACHINE, deferrable=True, **WAITING)
    looks = f"{Services.looks} look{'s' if Services.looks > 1 else ''}"
    seen.append(f"Step Functions {state}: output {output}, sensor {sensor}, deferred {deferred} after {looks}\n")
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which failures the amazon provider 9.39.0 of Airflow takes for success."
