#!/usr/bin/env bash
# A SageMaker job that somebody has stopped is a success for most of Airflow's operators (amazon 9.39.0) that wait on a worker.
#
# Of tuning, transform, processing, pipeline and AutoML jobs, and of training with print_log=False, only Failed counts as a
# failure there: what comes next runs without scores, or with half of them. The same task, deferred, fails, so one switch of
# [operators] default_deferrable changes which DAG runs succeed. The sensors of all but training and processing say success.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-amazon==9.39.0 \
    aiobotocore==3.10.0 apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
training: on a worker failed, deferred failed
training, print_log=False: on a worker success, deferred failed
tuning: on a worker success, deferred failed, sensor success
transform: on a worker success, deferred failed, sensor success
processing: on a worker success, deferred failed, sensor failed
pipeline: on a worker success, deferred failed, sensor success
AutoML: on a worker success, sensor success
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder/airflow" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
import asyncio
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

from airflow.exceptions import AirflowException
from airflow.providers.amazon.aws.operators import sagemaker as operators
from airflow.providers.amazon.aws.sensors import sagemaker as sensors
from airflow.sdk.exceptions import TaskDeferred
from botocore.exceptions import WaiterError

seen = []
ARN = "arn:aws:sagemaker:eu-west-1:111111111111:"
EXECUTION = ARN + "pipeline/score/execution/1"
EMPTY = {"PipelineExecutionSteps": [], "logStreams": [], "AutoMLJobSecondaryStatus": "Stopped"}


class SageMaker(BaseHTTPRequestHandler):
    """A service whose jobs somebody has stopped by the time that one looks."""

    made = set()

    def do_HEAD(self):  # the data's bucket and key are there
        self.answer({})

    def do_POST(self):
        action = self.headers["X-Amz-Target"].rpartition(".")[2]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        (name,) = [value for key, value in request.items() if re.search("(JobName|ExecutionArn)$", key)] or [EXECUTION]
        if action.startswith(("Create", "Start")):
            self.made.add(name)
            self.answer({"TrainingJobArn": ARN + name, "PipelineExecutionArn": EXECUTION})
        elif re.fullmatch("Describe.*(Job|Execution)", action) and name not in self.made:
            self.answer({"__type": "ValidationException", "message": "Requested resource not found."}, 400)
        else:
            status = {action.removeprefix("Describe") + "Status": "Stopped"}
            times = {"TrainingStartTime": 1, "TrainingEndTime": 2, "ResourceConfig": {"InstanceCount": 1}}
            self.answer({**status, **times, "ModelName": "model", **EMPTY})

    def answer(self, answer, code=200):
        content = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), SageMaker)
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


def end_of(operator):
    try:
        try:
            operator.execute(context)
        except TaskDeferred as deferred:
            event = asyncio.run(first(deferred.trigger))
            getattr(operator, deferred.method_name)(context, event)
    except (AirflowException, RuntimeError, WaiterError, KeyError):  # KeyError: a stopped job has no FailureReason
        return "failed"
    return "success"


ROLE = "arn:aws:iam::111111111111:role/jobs"
MACHINE = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
DISK = {"VolumeSizeInGB": 1}
DATA = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}}
TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "InputDataConfig": [{"ChannelName": "in", **DATA}],
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {**MACHINE, **DISK},
    "RoleArn": ROLE,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
TUNING = {
    "HyperParameterTuningJobName": "tune",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
    },
    "TrainingJobDefinition": TRAINING,
}
TRANSFORM = {
    "TransformJobName": "score",
    "ModelName": "model",
    "TransformInput": DATA,
    "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
    "TransformResources": MACHINE,
}
PROCESSING = {
    "ProcessingJobName": "prepare",
    "ProcessingResources": {"ClusterConfig": {**MACHINE, **DISK}},
    "AppSpecification": {"ImageUri": "image"},
    "RoleArn": ROLE,
}


def show(title, operator, sensor, **arguments):
    ends = []
    for deferrable in (False, True):
        SageMaker.made.clear()
        ends.append(end_of(operator(task_id="run", aws_conn_id=None, check_interval=0, deferrable=deferrable, **arguments)))
    if sensor:
        (name,) = SageMaker.made
        watched = "pipeline_exec_arn" if sensor is sensors.SageMakerPipelineSensor else "job_name"
        ends.append("sensor " + end_of(sensor(task_id="wait", aws_conn_id=None, **{watched: name})))
    seen.append(f"{title}: on a worker {', deferred '.join(ends[:2])}{''.join(', ' + end for end in ends[2:])}\n")


TRAIN = {"TrainingJobName": "train", **TRAINING}
show("training", operators.SageMakerTrainingOperator, None, config=TRAIN)
show("training, print_log=False", operators.SageMakerTrainingOperator, None, config=TRAIN, print_log=False)
show("tuning", operators.SageMakerTuningOperator, sensors.SageMakerTuningSensor, config=TUNING)
show("transform", operators.SageMakerTransformOperator, sensors.SageMakerTransformSensor, config=TRANSFORM)
show("processing", operators.SageMakerProcessingOperator, sensors.SageMakerProcessingSensor, config=PROCESSING)
show("pipeline", operators.SageMakerStartPipelineOperator, sensors.SageMakerPipelineSensor, pipeline_name="score")
auto = operators.SageMakerAutoMLOperator(
    task_id="run",
    aws_conn_id=None,
    check_interval=0,
    job_name="auto",
    s3_input="s3://bucket/in",
    target_attribute="y",
    s3_output="s3://bucket/out",
    role_arn=ROLE,
)
auto_sensor = sensors.SageMakerAutoMLSensor(task_id="wait", aws_conn_id=None, job_name="auto")
seen.append(f"AutoML: on a worker {end_of(auto)}, sensor {end_of(auto_sensor)}\n")
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: a stopped SageMaker job is a success on a worker, with amazon 9.39.0."
