"""What jobs are made of, each made by a task of its own: an environment, a component, a model; and what comes back to
the worker, the files of an output and of a model. A batch endpoint is made and deleted at the end."""

from __future__ import annotations

import tempfile
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import (
    AzureMLCreateBatchEndpointOperator,
    AzureMLCreateComponentOperator,
    AzureMLCreateEnvironmentOperator,
    AzureMLDeleteBatchEndpointOperator,
    AzureMLDownloadJobOutputOperator,
    AzureMLDownloadModelOperator,
    AzureMLJobOperator,
    AzureMLRegisterModelOperator,
)

# A folder on the worker; the tasks that read it must run on the same machine.
LOCAL = Path(tempfile.gettempdir(), "airflow-azureml", "{{ run_id | replace(':', '-') }}")

with DAG(
    "building_blocks",
    schedule=None,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
    doc_md=__doc__,
) as dag:
    # [START blocks]
    environment = AzureMLCreateEnvironmentOperator(
        task_id="environment", name="airflow-blocks", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
    )
    component = AzureMLCreateComponentOperator(
        task_id="component",
        spec={
            "type": "command",
            "name": "airflow_squares",
            "inputs": {"last": {"type": "integer", "default": 10}},
            "outputs": {"squares": {"type": "uri_folder"}},
            "environment": "azureml:airflow-blocks@latest",
            "command": "seq 1 ${{inputs.last}} | awk '{ print $1 * $1 }' > ${{outputs.squares}}/squares.txt",
        },
    )
    environment >> component
    squares = AzureMLJobOperator(
        task_id="squares",
        job={
            "type": "pipeline",
            "settings": {"default_compute": "azureml:serverless"},
            "outputs": {"squares": {"type": "uri_folder"}},
            "jobs": {
                "count": {
                    "type": "command",
                    "component": "azureml:{{ ti.xcom_pull(task_ids='component', key='id') }}",
                    "inputs": {"last": 12},
                    "outputs": {"squares": "${{parent.outputs.squares}}"},
                }
            },
        },
    )
    component >> squares
    # [END blocks]
    # [START files]
    files = AzureMLDownloadJobOutputOperator(
        task_id="files",
        job_name=squares.output,
        output_name="squares",
        local_path=str(LOCAL / "output"),
        overwrite=True,
    )
    model = AzureMLRegisterModelOperator(task_id="model", name="airflow-squares", path=squares.output["squares"])
    model_files = AzureMLDownloadModelOperator(
        task_id="model_files", model=model.output, local_path=str(LOCAL / "model"), overwrite=True
    )

    @task
    def same(output: list[str], model: list[str]) -> int:
        """Read both and give the last square."""
        (one,), (other,) = ([Path(file).read_text(encoding="utf-8") for file in files] for files in (output, model))
        if one != other:
            raise ValueError("the model is not what the job wrote")
        return int(one.split()[-1])

    same(files.output, model_files.output)
    # [END files]
    # [START endpoint]
    endpoint = AzureMLCreateBatchEndpointOperator(task_id="endpoint", name="airflow-blocks")
    delete = AzureMLDeleteBatchEndpointOperator(task_id="delete", endpoint_name="airflow-blocks")
    endpoint >> delete.as_teardown(setups=endpoint)
    # [END endpoint]
