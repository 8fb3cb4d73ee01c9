"""A model's way into production: trained, held to a metric, approved by a person, shared with the registry, deployed
beside the version that answers so far, given a tenth of the traffic, and all of it once it answers well.

Needs Airflow 3.1, whose tasks can wait for a person. On older versions, which have no such operator, this file can be
read all the same, and has no DAG.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowException, task

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLInvokeOnlineEndpointOperator,
    AzureMLRegisterModelOperator,
    AzureMLSetOnlineTrafficOperator,
    AzureMLShareModelOperator,
)

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
except (ImportError, AirflowException):
    ApprovalOperator = None  # below 3.1

IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
# In Azure an endpoint's name is taken once in a region: choose your own.
ENDPOINT = "airflow-promotion"
GOOD = 0.05

if ApprovalOperator is not None:
    with DAG(
        "model_promotion",
        schedule=None,
        max_active_runs=1,
        params={"rate": 0.05, "registry": "local"},  # the emulator's; name your own
        default_args={"deferrable": True},
        tags=["azureml", "example"],
        doc_md=__doc__,
    ) as dag:
        train = AzureMLCommandJobOperator(
            task_id="train",
            command=("python train.py --rate ${{inputs.rate}} --momentum 0.8 --epochs 40 --model ${{outputs.model}}"),
            code="tuned_training",
            environment={"image": IMAGE, "conda_file": "tuned_training/environment.yml"},
            inputs={"rate": "{{ params.rate }}"},
            outputs={"model": {}},
        )

        # [START gate]
        @task.short_circuit
        def good_enough(result: dict[str, Any]) -> bool:
            """Whether the loss is small: if not, all that follows is skipped."""
            return result["metrics"]["loss"] < GOOD

        register = AzureMLRegisterModelOperator(
            task_id="register",
            name="promoted-line",
            path=train.output["model"],
            stage="Staging",
            tags={"loss": "{{ ti.xcom_pull(task_ids='train')['metrics']['loss'] }}"},
        )
        approve = ApprovalOperator(
            task_id="approve",
            subject="Version {{ ti.xcom_pull(task_ids='register')['version'] }} of promoted-line to production?",
            body="Its loss is {{ ti.xcom_pull(task_ids='train')['metrics']['loss'] }}.",
            response_timeout=timedelta(days=2),
            defaults="Reject",  # what no answer in time means
        )
        approved = AzureMLRegisterModelOperator(
            task_id="approved",
            path=register.output,  # the version that is registered; what is said about it changes
            stage="Production",
            tags={"approved_by": "{{ ti.xcom_pull(task_ids='approve')['responded_by_user']['name'] }}"},
        )
        share = AzureMLShareModelOperator(task_id="share", model=register.output, registry_name="{{ params.registry }}")
        good_enough(train.output) >> register >> approve >> approved >> share
        # [END gate]

        # [START traffic]
        @task
        def slots(model: dict[str, Any]) -> dict[str, Any]:
            """Blue and green take turns: which one the version gets, and the shares of both while it is tried."""
            version = int(model["version"])
            new, old = ("blue", "green") if version % 2 else ("green", "blue")
            return {"new": new, "trial": {new: 10, old: 90} if version > 1 else {new: 100}, "all": {new: 100}}

        slot = slots(share.output)
        endpoint = AzureMLCreateOnlineEndpointOperator(task_id="endpoint", name=ENDPOINT)
        deploy = AzureMLCreateOnlineDeploymentOperator(
            task_id="deploy",
            name=slot["new"],
            endpoint_name=endpoint.output,
            model=share.output,
            code="tuned_model_online",
            scoring_script="score.py",
            environment={"image": IMAGE, "conda_file": "tuned_model_online/environment.yml"},
            instance_type="Standard_DS3_v2",
            instance_count=1,
        )
        a_tenth = AzureMLSetOnlineTrafficOperator(task_id="a_tenth", endpoint_name=ENDPOINT, traffic=slot["trial"])
        ask = AzureMLInvokeOnlineEndpointOperator(
            task_id="ask", endpoint_name=ENDPOINT, deployment_name=slot["new"], data={"at": [2.0]}, retries=2
        )

        @task.short_circuit
        def answers_well(answer: list[float]) -> bool:
            """Whether the version answers as it should; here you would look at errors and times of a day."""
            return abs(answer[0] - 5) < 1

        all_of_it = AzureMLSetOnlineTrafficOperator(task_id="all_of_it", endpoint_name=ENDPOINT, traffic=slot["all"])
        share >> endpoint
        deploy >> a_tenth >> ask
        answers_well(ask.output) >> all_of_it
        # [END traffic]
