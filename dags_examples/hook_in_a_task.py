"""The hook inside Python tasks: for what no operator does, and for moving code over step by step.

A task that submits holds its worker while it waits and must see to retries itself, which an operator does for you; so
this one names its job after the DAG run, and a retry finds the job instead of starting a second one.
"""

from __future__ import annotations

import datetime
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

FOLDER = Path(__file__).parent / "credit_defaults"

with DAG("hook_in_a_task", schedule=None, tags=["azureml", "example"]) as dag:
    # [START hook]
    @task(retries=1, retry_delay=datetime.timedelta(seconds=10))
    def prepare(run_id: str | None = None) -> dict[str, Any]:
        """Run a job and give back what an operator would: status, outputs, metrics."""
        from airflow_azureml.exceptions import AzureMLNotFoundError
        from airflow_azureml.hooks import AzureMLHook

        hook = AzureMLHook("azureml_default")
        name = "by-hand-" + re.sub(r"[^0-9A-Za-z_-]", "-", str(run_id))
        try:
            hook.get_job(name)
        except AzureMLNotFoundError:
            job = {
                "type": "command",
                "command": "python receive.py --text ${{inputs.text}} --output ${{outputs.received}}",
                "code": str(FOLDER / "src"),
                "environment": {
                    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
                    "conda_file": str(FOLDER / "environment.yml"),
                },
                "experiment_name": "by_hand",
                "outputs": {"received": {"type": "uri_folder"}},
            }
            hook.create_job(job, name, inputs={"text": "hello"})
        hook.wait_for_job(name, timeout=3600)
        return hook.get_result(name)

    @task
    def read(result: dict[str, Any]) -> Any:
        """Fetch an output and the end of the log."""
        from airflow_azureml.hooks import AzureMLHook

        hook = AzureMLHook("azureml_default")
        with tempfile.TemporaryDirectory() as folder:
            (file,) = hook.download_output(result["job_name"], "received", folder)
            print(hook.get_logs(result["job_name"], tail=5))
            return json.loads(Path(file).read_text(encoding="utf-8"))

    read(prepare())
    # [END hook]
