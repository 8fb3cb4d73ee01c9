"""An ETL chain with Azure ML in its middle: files land in storage, a job cleans them, a batch endpoint scores them,
and the scores are loaded into a database, with the rows counted at every step.

Needs two connections beside ``azureml_default``: ``landing_zone``, whose host is the https address of the blob
container behind the workspace's default datastore and whose password a SAS for it (extra ``verify``: a CA bundle, where
the system's own does not do), and ``scores_database``, whose host is the path of a SQLite file.
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import sqlite3
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, BaseHook, task

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateBatchEndpointOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLRegisterModelOperator,
)

FOLDER = Path(__file__).parent / "nightly_scoring"
ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "nightly_scoring/environment.yml",
}

with DAG(
    "nightly_scoring",
    schedule=None,
    default_args={"deferrable": True, "retries": 1, "retry_delay": datetime.timedelta(seconds=10)},
    tags=["azureml", "example"],
    doc_md=__doc__,
) as dag:
    # [START deploy]
    model = AzureMLRegisterModelOperator(task_id="model", name="scorecard", path="nightly_scoring/scorecard")
    endpoint = AzureMLCreateBatchEndpointOperator(task_id="endpoint", name="nightly-scoring")
    deployment = AzureMLCreateBatchDeploymentOperator(
        task_id="deployment",
        name="scorecard",
        endpoint_name="nightly-scoring",
        model=model.output,
        code="nightly_scoring/scoring",
        scoring_script="score.py",
        environment=ENVIRONMENT,
        compute="cpu-cluster",
        mini_batch_size=2,
        output_action="append_row",
        output_file_name="scores.csv",
        set_default=True,
    )
    # [END deploy]

    # [START land]
    @task
    def land(run: str) -> str:
        """Copy what the branches sent to the landing zone; in real life somebody else does."""
        from azure.storage.blob import ContainerClient

        zone = BaseHook.get_connection("landing_zone")
        verify = zone.extra_dejson.get("verify", True)
        with ContainerClient.from_container_url(f"{zone.host}?{zone.password}", connection_verify=verify) as container:
            for file in sorted((FOLDER / "landed").glob("*.csv")):
                container.upload_blob(f"landed/{run}/{file.name}", file.read_bytes(), overwrite=True)
        return f"azureml://datastores/workspaceblobstore/paths/landed/{run}/"

    landed = land("{{ run_id | replace(':', '-') | replace('+', '-') }}")
    # [END land]

    # [START clean_and_score]
    clean = AzureMLCommandJobOperator(
        task_id="clean",
        command="python clean.py --landed ${{inputs.landed}} --clients ${{outputs.clients}}",
        code="nightly_scoring/src",
        environment=ENVIRONMENT,
        inputs={"landed": {"type": "uri_folder", "path": landed}},
        outputs={"clients": {}},
    )
    score = AzureMLInvokeBatchEndpointOperator(
        task_id="score",
        endpoint_name="nightly-scoring",
        inputs={"clients": clean.output["clients"]},
    )
    # [END clean_and_score]

    # [START load]
    @task
    def load(cleaned: dict[str, Any], scores: dict[str, Any], run: str) -> int:
        """Read the scores from where the job left them and load them into the database: all of them, or none."""
        from azure.storage.blob import BlobClient

        zone = BaseHook.get_connection("landing_zone")
        verify = zone.extra_dejson.get("verify", True)
        with BlobClient.from_blob_url(f"{scores['https_url']}?{zone.password}", connection_verify=verify) as blob:
            lines = blob.download_blob(encoding="utf-8").readall().splitlines()
        rows = [(run, int(client), float(chance)) for client, chance in csv.reader(lines)]

        expected = int(cleaned["metrics"]["rows_kept"])
        if len(rows) != expected:
            raise ValueError(f"{expected} clients went in, {len(rows)} scores came out")
        database = BaseHook.get_connection("scores_database").host
        with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS scores (run TEXT, client INTEGER, chance REAL)")
            # A retry or a Clear replaces what an earlier try has loaded.
            connection.execute("DELETE FROM scores WHERE run = ?", (run,))
            connection.executemany("INSERT INTO scores VALUES (?, ?, ?)", rows)
            (loaded,) = connection.execute("SELECT count(*) FROM scores WHERE run = ?", (run,)).fetchone()
        if loaded != expected:
            raise ValueError(f"{expected} scores were to be loaded, {loaded} are in the database")
        return loaded

    load(clean.output, score.output["score"], "{{ run_id }}")
    # [END load]

    endpoint >> deployment >> score
