"""Everything that users get wrong first, a task each."""

import datetime
import sys
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, XComArg

sys.path.insert(0, str(Path(__file__).parent))
from recording import record

from airflow_azureml.operators import (
    AzureMLCancelJobOperator,
    AzureMLCommandJobOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLJobOperator,
)

AUTOML = """type: automl
task: classification
primary_metric: accuracy
target_column_name: y
training_data: {type: mltable, path: azureml://datastores/workspaceblobstore/paths/table/}
"""
START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)


def command(task_id: str, **given: object) -> AzureMLCommandJobOperator:
    """A command job that is right but for what is given."""
    keywords = {"command": "echo hello", "environment": {"image": "docker.io/python"}} | given
    return AzureMLCommandJobOperator(task_id=task_id, **keywords)


with DAG("clean_errors", start_date=START, schedule=None, default_args={"on_failure_callback": record}):
    fine = command("fine", outputs={"train_data": None})
    command("no_service", azureml_conn_id="no_service")
    command("wrong_secret", azureml_conn_id="wrong_secret")
    command("no_connection", azureml_conn_id="no_such_connection")
    command("no_workspace", workspace_name="no-such-workspace")
    command("no_compute", compute="no-such-compute")
    command("no_data", inputs={"d": {"type": "uri_file", "path": "azureml:no-such-data:2"}})
    command("no_label", inputs={"d": {"type": "uri_file", "path": "azureml:no-such-data@latest"}})
    AzureMLJobOperator(task_id="not_emulated", job=AUTOML)
    command("no_code", code="./no-such-folder")
    command("dict_literal", inputs={"grid": {"depth": [1, 2]}})
    command("empty_literal", inputs={"suffix": "{{ params.suffix }}"}, params={"suffix": ""})
    command("no_output", inputs={"data": XComArg(fine, key="test_data")})
    failed = command("exit_3", command="echo first; echo last words; exit 3")
    command("no_result", inputs={"data": failed.output["default"]}, trigger_rule="all_done")
    command("no_whole_result", compute=failed.output, trigger_rule="all_done")
    command("timeout_twice", timeout=60, limits={"timeout": 60})
    command("resources_twice", instance_count=2, job_resources={"instance_count": 3})
    command("reserved_output", outputs={"return_value": None, "azureml_studio_url": None})
    command("bad_compute", compute="{{ params.compute }}", params={"compute": ""})
    AzureMLJobOperator(task_id="unknown_key", job="type: command\ncomand: echo hello\nenvironment: azureml:e:1\n")
    AzureMLJobOperator(task_id="no_mapping", job="- one\n- two\n")
    AzureMLJobOperator(task_id="no_job", job="{{ params.job }}", params={"job": "train"})
    AzureMLJobOperator(task_id="no_file", job="jobs/no-such-file.yml")
    AzureMLJobOperator(task_id="bad_merge", job="jobs/rendered.yml", inputs="{{ params.x }}", params={"x": "x=1"})
    AzureMLCancelJobOperator(task_id="bad_name", job_name={"name": "x"})
    AzureMLCreateDataAssetOperator(task_id="asset_no_path", name="cards")
    AzureMLCreateDataAssetOperator(
        task_id="asset_bad_type", name="cards", path="azureml://datastores/a/paths/b", type="x"
    )
