#!/usr/bin/env bash
# A Data Factory or Synapse pipeline is cancelled by Airflow's deferred task (microsoft-azure 15.2.1) if the service answers one look at it with an error.
#
# The pipeline may be about to succeed: it is the question that has failed, by a 403, or by a 500 after the client's own retries, or
# by a second connection that breaks in a row. On a worker the same answer fails the task and leaves the pipeline running,
# and the retry starts another beside it. One broken connection fails a task of Data Factory on a worker, and none of
# the others. At the operator's timeout, Synapse cancels when deferred; Data Factory, and either on a worker, do not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-microsoft-azure==15.2.1 \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
Data Factory, one look answered 500, on a worker: failed; started, error
Data Factory, one look answered 500, deferred: failed; started, error, cancelled
Data Factory, one connection broken, on a worker: failed; started, error
Data Factory, one connection broken, deferred: success; started, error, succeeded
Data Factory, two connections broken, on a worker: failed; started, error
Data Factory, two connections broken, deferred: failed; started, error, error, cancelled
Data Factory, timeout, on a worker: failed; started
Data Factory, timeout, deferred: failed; started
Synapse, one look answered 500, on a worker: failed; started, error
Synapse, one look answered 500, deferred: failed; started, error, cancelled
Synapse, one connection broken, on a worker: success; started, error, succeeded
Synapse, one connection broken, deferred: success; started, error, succeeded
Synapse, two connections broken, on a worker: success; started, error, error, succeeded
Synapse, two connections broken, deferred: failed; started, error, error, cancelled
Synapse, timeout, on a worker: failed; started
Synapse, timeout, deferred: failed; started, cancelled
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder/airflow" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
import asyncio
import json
import os
from pathlib import Path
from types import SimpleNamespace

from airflow.exceptions import AirflowException
from airflow.providers.microsoft.azure.hooks import data_factory, synapse
from airflow.providers.microsoft.azure.operators.data_factory import AzureDataFactoryRunPipelineOperator
from airflow.providers.microsoft.azure.operators.synapse import AzureSynapseRunPipelineOperator
from airflow.sdk.exceptions import TaskDeferred
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError

seen, happened, looks = [], [], []


class Client:
    """The clients of Data Factory and Synapse: what a look at the pipeline's run sees is next in the list, the last for good."""

    def __init__(self):
        self.pipelines = self.pipeline = self.pipeline_runs = self.pipeline_run = self

    def create_run(self, *args, **options):
        happened.append("started")
        return SimpleNamespace(run_id="1")

    def get(self, *args, **options):
        look = looks.pop(0) if len(looks) > 1 else looks[0]
        if isinstance(look, AzureError):
            happened.append("error")
            raise look
        if look == "Succeeded":
            happened.append("succeeded")
        return SimpleNamespace(status=look)

    def cancel(self, *args, **options):
        happened.append("cancelled")

    create_pipeline_run, get_pipeline_run, cancel_pipeline_run = create_run, get, cancel


class AsyncClient(Client):
    """The same for coroutines, which a trigger uses."""

    async def get(self, *args, **options):
        return Client.get(self)

    async def cancel(self, *args, **options):
        Client.cancel(self)

    async def close(self):
        pass

    get_pipeline_run, cancel_pipeline_run = get, cancel


def get_conn(hook):
    return Client()


async def get_async_conn(hook):
    return AsyncClient()


data_factory.AzureDataFactoryHook.get_conn = synapse.AzureSynapsePipelineHook.get_conn = get_conn
data_factory.AzureDataFactoryAsyncHook.get_async_conn = get_async_conn
synapse.AzureSynapsePipelineAsyncHook.get_async_conn = get_async_conn
os.environ["AIRFLOW_CONN_AZURE"] = json.dumps({"conn_type": "azure_data_factory", "extra": {"subscriptionId": "s"}})
context = {"ti": SimpleNamespace(xcom_push=lambda **values: None)}


async def first(trigger):
    async for event in trigger.run():
        return event.payload


def run(title, operator, answers, **options):
    for where, deferrable in ("on a worker", False), ("deferred", True):
        happened.clear()
        looks[:] = answers
        task = operator(task_id="run", pipeline_name="score", check_interval=1, deferrable=deferrable, **options)
        try:
            try:
                task.execute(context)
            except TaskDeferred as deferred:
                getattr(task, deferred.method_name)(context, asyncio.run(first(deferred.trigger)))
            end = "success"
        except (AirflowException, AzureError):
            end = "failed"
        seen.append(f"{title}, {where}: {end}; {', '.join(happened)}\n")


FACTORY = {"azure_data_factory_conn_id": "azure", "resource_group_name": "group", "factory_name": "factory"}
SYNAPSE = {"azure_synapse_conn_id": "azure", "azure_synapse_workspace_dev_endpoint": "https://workspace"}
before, after = ["InProgress"] * 2, ["InProgress", "Succeeded"]
answered, broken = HttpResponseError("(500) InternalServerError"), ServiceRequestError("Connection reset by peer")
for service, operator, options in (
    ("Data Factory", AzureDataFactoryRunPipelineOperator, FACTORY),
    ("Synapse", AzureSynapseRunPipelineOperator, SYNAPSE),
):
    run(f"{service}, one look answered 500", operator, [*before, answered, *after], **options)
    run(f"{service}, one connection broken", operator, [*before, broken, *after], **options)
    run(f"{service}, two connections broken", operator, [*before, broken, broken, *after], **options)
    run(f"{service}, timeout", operator, before, timeout=2, **options)
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what becomes of a pipeline that microsoft-azure 15.2.1 of Airflow looks at in vain."
