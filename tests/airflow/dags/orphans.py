"""Tasks that end while their jobs go on, and the sweep of what they leave."""

import datetime
from uuid import uuid4

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCancelOrphansOperator, AzureMLCommandJobOperator

IMAGE = {"image": "docker.io/python"}
LONG = "sleep 600"


class Dies(AzureMLCommandJobOperator):
    """Ends right after its submission, as a task ends that nobody holds: without a look at its job."""

    def defer(self, **_):
        raise RuntimeError("ended by hand")


def dies(task_id, **given):
    """A task that leaves its job."""
    return Dies(task_id=task_id, command=LONG, environment=IMAGE, deferrable=True, **given)


@task(trigger_rule="all_done")
def put_jobs_of_others(ti=None):
    """Jobs whose tags name the task ``lost``, but not as this Airflow ran it."""
    hook = AzureMLHook()
    tags = hook.get_job(ti.xcom_pull(task_ids="lost", key="azureml_job_name")).tags
    others = {
        "another_airflows": {"airflow_run_started": "2020-01-01T00:00:00.000001Z"},
        "another_runs": {"airflow_run_id": "never made here"},
    }
    spec = {"type": "command", "command": LONG, "environment": {"image": "docker.io/python"}}
    return {
        name: hook.create_job({**spec, "tags": {**tags, **differs}}, name=f"{name}-{uuid4().hex}").name
        for name, differs in others.items()
    }


with DAG("orphans_parked", start_date=datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc), schedule=None):
    dies("retried")
    dies("cleared")

with DAG("orphans", start_date=datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc), schedule=None):
    mapped = Dies.partial(task_id="mapped", environment=IMAGE, deferrable=True).expand(command=[LONG, f"{LONG}; true"])
    left = [
        dies("lost"),
        mapped,
        dies("kept", cancel_on_kill=False),
        AzureMLCommandJobOperator(task_id="started", command=LONG, environment=IMAGE, wait_for_completion=False),
    ]
    elsewhere = AzureMLCancelOrphansOperator(task_id="elsewhere", dag_ids=["another_dag"], trigger_rule="all_done")
    sweep = AzureMLCancelOrphansOperator(task_id="sweep", dag_ids=["{{ dag.dag_id }}", "orphans_parked"])
    again = AzureMLCancelOrphansOperator(task_id="again", dag_ids=["orphans"])
    wrong = AzureMLCancelOrphansOperator(task_id="wrong", dag_ids="{{ dag.dag_id }}", trigger_rule="all_done")
    left >> put_jobs_of_others() >> elsewhere >> sweep >> again >> wrong
