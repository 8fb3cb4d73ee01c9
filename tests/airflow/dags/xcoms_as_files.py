"""Results of jobs that Airflow keeps in a datastore, and files that its own operator carries there and back."""

import datetime
import tempfile
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task
from airflow.providers.common.io.operators.file_transfer import FileTransferOperator

from airflow_azureml.operators import AzureMLCommandJobOperator

IMAGE = {"image": "docker.io/python"}
START = datetime.datetime(2024, 1, 1)

with DAG("xcoms_as_files", schedule=None, start_date=START):
    write = AzureMLCommandJobOperator(
        task_id="write",
        command="echo one two > ${{outputs.words}}/words.txt",
        environment=IMAGE,
        outputs={"words": None},
        deferrable=True,
    )
    AzureMLCommandJobOperator(
        task_id="count",
        command="wc -w < ${{inputs.words}}/words.txt > ${{outputs.count}}/count.txt",
        environment=IMAGE,
        inputs={"words": write.output["words"]},
        outputs={"count": None},
    )

    @task
    def told(result: dict) -> list:
        """What a task is given that reads the result."""
        return [sorted(result), result["outputs"]["words"]["type"]]

    told(write.output)

with DAG("file_transfer", schedule=None, start_date=START):

    @task
    def prepare() -> dict:
        """A local file, and places for it that are this run's."""
        folder = Path(tempfile.mkdtemp())
        (folder / "here.txt").write_text("from here")
        return {"local": f"file://{folder}", "stored": f"datastores/workspaceblobstore/paths/transfers/{folder.name}"}

    def carry(task_id: str, src: str, dst: str, **given: object) -> FileTransferOperator:
        """Copy a file from one of the places to another."""
        places = {name: f"{{{{ ti.xcom_pull('prepare')['{name}'] }}}}" for name in ("local", "stored")}
        return FileTransferOperator(task_id=task_id, src=src.format(**places), dst=dst.format(**places), **given)

    up = carry("up", "{local}/here.txt", "azureml://azureml_default@{stored}/there.txt")
    within = carry("within", "azureml://{stored}/there.txt", "azureml://{stored}/deep/copy.txt")
    down = carry("down", "azureml://{stored}/deep/copy.txt", "{local}/back.txt", source_conn_id="azureml_default")
    refused = carry("refused", "{local}/here.txt", "azureml://{stored}/there.txt", dest_conn_id="azureml_default")
    overwritten = carry("overwritten", "{local}/here.txt", "azureml://{stored}/there.txt", overwrite=True)

    @task
    def read(places: dict) -> str:
        """What has come back."""
        return Path(places["local"].removeprefix("file://"), "back.txt").read_text()

    prepared = prepare()
    prepared >> up >> within >> down >> read(prepared)
    up >> [refused, overwritten]
