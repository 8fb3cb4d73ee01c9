"""Airflow's object storage paths in the datastores of Azure ML, on each of Airflow's lines."""

from __future__ import annotations

import datetime
import tempfile
import time
from pathlib import Path

from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS

if AIRFLOW_V_3_0_PLUS:
    from airflow.sdk import DAG, ObjectStoragePath, task
else:
    from airflow import DAG
    from airflow.decorators import task
    from airflow.io.path import ObjectStoragePath

FOLDER = "datastores/workspaceblobstore/paths/object-storage"
BASE = ObjectStoragePath(f"azureml://azureml_default@{FOLDER}")

with DAG("object_storage", schedule=None, start_date=datetime.datetime(2024, 1, 1)):

    @task
    def write():
        """Write a small and a large file below a folder of this run, and hand the folder on."""
        folder = BASE / f"run-{time.time_ns()}"
        with (folder / "a.txt").open("w") as stream:
            stream.write("first\nsecond\n")
        with (folder / "deep" / "b.bin").open("wb", block_size=1 << 20) as stream:
            for part in range(5):
                stream.write(bytes([part]) * (1 << 20))
        return folder

    @task
    def read(folder):
        """Read what is there, in the ways that a path has."""
        text, large = folder / "a.txt", folder / "deep" / "b.bin"
        with large.open("rb") as stream:
            stream.seek(3 << 20)
            part = stream.read(2)
        with tempfile.TemporaryDirectory() as local:
            text.copy(ObjectStoragePath(f"file://{local}/a.txt"))
            fetched = Path(local, "a.txt").read_text()
        return {
            "conn_id": str(folder).partition("@")[0],
            "names": sorted(path.name for path in folder.iterdir()),
            "found": sorted(str(path).rpartition("run-")[2].partition("/")[2] for path in folder.glob("**/*.bin")),
            "read": [path.read_text() for path in folder.iterdir() if path.is_file()],
            "fetched": fetched,
            "size": large.stat().st_size,
            "part": list(part),
            "kinds": [folder.is_dir(), large.is_file(), text.exists(), (folder / "none").exists()],
        }

    @task
    def change(folder):
        """Copy, move and delete."""
        (folder / "a.txt").copy(folder / "copies" / "c.txt")
        (folder / "copies" / "c.txt").move(folder / "d.txt")
        names = sorted(path.name for path in folder.iterdir())
        text = (folder / "d.txt").read_text()
        (folder / "d.txt").unlink()
        folder.rmdir(recursive=True)
        return {"names": names, "text": text, "is_left": folder.exists()}

    @task
    def name_the_workspace(folder):
        """Read through the long form, as jobs' results have it, without a connection in it."""
        from airflow_azureml.hooks import AzureMLHook

        ws = AzureMLHook().settings().workspace
        long = f"azureml://subscriptions/{ws.subscription_id}/resourcegroups/{ws.resource_group}/workspaces/{ws.name}"
        path = ObjectStoragePath(f"{long}/{FOLDER}/") / folder.name
        return [(path / "a.txt").read_text(), sorted(one.name for one in path.iterdir())]

    written = write()
    seen = [read(written), name_the_workspace(written)]
    seen >> change(written)

with DAG("object_storage_refused", schedule=None, start_date=datetime.datetime(2024, 1, 1)):

    @task
    def refused(address):
        """Say how a path is refused."""
        try:
            ObjectStoragePath(address).exists()
        except Exception as error:  # noqa: BLE001 - whichever it is, is what is tested
            return f"{type(error).__name__}: {error}"
        return "nothing was raised"

    refused.expand(
        address=[
            "azureml://azureml_default@datastores/no-such-store/paths/a",
            "azureml://azureml_default@somewhere/else",
            "azureml://no_such_connection@datastores/workspaceblobstore/paths/a",
        ]
    )
