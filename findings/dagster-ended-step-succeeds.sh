#!/usr/bin/env bash
# A step of dagster-azure 0.29.27 that is ended while it waits for its Azure ML job succeeds: its asset is materialized.
#
# PipesAzureMLClient.run hears the interrupt, has the job canceled, waits until it is and returns as if it had completed.
# The asset counts as new, the one that depends on it is made, the run is a success. With forward_termination=False the
# job is not canceled and goes on, and the asset is there all the same. A job that is canceled by somebody else raises.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check dagster-azure==0.29.27 dagster==1.13.27 \
    azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
SIGTERM: run DagsterRunStatus.SUCCESS, materialized scores, report; the job: cancel asked, Canceled
SIGTERM, forward_termination=False: run DagsterRunStatus.SUCCESS, materialized scores, report; the job: Running
canceled by somebody else: run DagsterRunStatus.FAILURE, materialized nothing; the job: Canceled
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import os
import signal
import threading
from types import SimpleNamespace

import dagster as dg
from azure.ai.ml import command
from dagster_azure.pipes import PipesAzureMLClient


class Workspace:
    """A job that runs until it is canceled, and somebody who does something a second after it has begun."""

    def __init__(self, then):
        self.then, self.status, self.asked, self.jobs = then, "Running", [], self

    def create_or_update(self, job):
        threading.Timer(1, self.then, [self]).start()
        return SimpleNamespace(name="train-1")

    def get(self, name):
        return SimpleNamespace(status=self.status)

    def begin_cancel(self, name):
        self.asked.append("cancel asked")
        self.status = "Canceled"


def run(title, then, **options):
    workspace = Workspace(then)
    client = PipesAzureMLClient(
        client=workspace,
        context_injector=dg.PipesEnvContextInjector(),
        message_reader=dg.PipesTempFileMessageReader(),
        poll_interval_seconds=0.1,
        **options,
    )

    @dg.asset
    def scores(context: dg.AssetExecutionContext):
        job = command(command="python score.py", environment="azureml:env:1", environment_variables={})
        return client.run(context=context, command=job).get_materialize_result()

    @dg.asset(deps=[scores])
    def report():
        pass

    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([scores, report], instance=instance, raise_on_error=False)
        made = [name for name in ("scores", "report") if instance.get_latest_materialization_event(dg.AssetKey(name))]
        (status,) = [run.status for run in instance.get_runs()]
    job = ", ".join([*workspace.asked, workspace.status])
    print(f"{title}: run {status}, materialized {', '.join(made) or 'nothing'}; the job: {job}")


def end_step(workspace):
    os.kill(os.getpid(), signal.SIGTERM)


def cancel_job(workspace):
    workspace.status = "Canceled"


run("SIGTERM", end_step)
run("SIGTERM, forward_termination=False", end_step, forward_termination=False)
run("canceled by somebody else", cancel_job)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: dagster-azure 0.29.27 takes an ended step for a finished one."
