"""Jobs that report back, in all ways that a task can wait: the last one's job runs until the test lets it go."""

from __future__ import annotations

from airflow.providers.common.compat.assets import Asset
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

REPORT = """mkdir -p outputs; echo '{"xcom": {"rows": '${{inputs.rows}}'}, "note": "'${{inputs.rows}}' rows",
 "asset_extra": {"rows": '${{inputs.rows}}'}}' > outputs/airflow.json"""
TAGS = """python -c "import mlflow
mlflow.set_tags({'airflow.xcom.rows': 'three', 'airflow.note': 'three rows', 'airflow.asset_extra.rows': 'three'})" """

with DAG("reports_of_jobs", schedule=None, params={"gate": "/nowhere"}):
    given = {
        "environment": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        "outlets": [Asset("rows_of_jobs")],
    }
    mapped = AzureMLCommandJobOperator.partial(task_id="mapped", command=REPORT, deferrable=True, **given)
    mapped.expand(inputs=[{"rows": 1}, {"rows": 2}])
    AzureMLCommandJobOperator(task_id="on_worker", command=TAGS, deferrable=False, **given)
    AzureMLCommandJobOperator(
        task_id="by_hand",
        command="until test -e ${{inputs.gate}}; do sleep 0.5; done; " + REPORT,
        inputs={"gate": "{{ params.gate }}", "rows": 4},
        deferrable=True,
        **given,
    )
