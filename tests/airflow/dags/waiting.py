"""Ways to wait for a job, and what its end does to the task."""

import datetime
import sys
from pathlib import Path

from airflow.providers.common.compat.assets import Asset, AssetAlias
from airflow.providers.common.compat.sdk import DAG

sys.path.insert(0, str(Path(__file__).parent))
from recording import record

from airflow_azureml.operators import AzureMLCancelJobOperator, AzureMLCommandJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
DEFAULTS = {"on_failure_callback": record}
IMAGE = {"image": "docker.io/python"}
WRITE = "sleep 1; echo the data > ${{outputs.out}}/f.txt; echo written"


def command(task_id: str, command: str, **given: object) -> AzureMLCommandJobOperator:
    """A small command job."""
    return AzureMLCommandJobOperator(task_id=task_id, command=command, environment=IMAGE, **given)


def sensor(task_id: str, job: object, **given: object) -> AzureMLJobSensor:
    """A sensor that looks often."""
    return AzureMLJobSensor(task_id=task_id, job_name=job, poke_interval=0.5, **given)


with DAG("operators", start_date=START, schedule=None, default_args=DEFAULTS):
    for name, deferrable in (("here", False), ("deferred", True)):
        model = Asset(f"azureml://subscriptions/S/resourceGroups/G/workspaces/W/models/of-{name}/")
        outlets = [model, AssetAlias(f"written-{name}")]
        write = command(f"write_{name}", WRITE, outputs={"out": None}, deferrable=deferrable, outlets=outlets)
        read = command(f"read_{name}", "cat ${{inputs.d}}/f.txt", inputs={"d": write.output["out"]})
        command(f"fail_{name}", "echo why it failed; exit 7", deferrable=deferrable)
        command(
            f"slow_{name}",
            "sleep 60",
            deferrable=deferrable,
            execution_timeout=datetime.timedelta(seconds=10),
            retries=0,
        )
        command(f"left_{name}", "sleep 3", deferrable=deferrable, wait_for_completion=False)

    # Neither has a job's page: what is not there is not looked up.
    command("wrong", "true", timeout=1, limits={"timeout": 2})
    for name, given in (("labelled", {"map_index_template": "day {{ task.inputs['day'] }}"}), ("numbered", {})):
        AzureMLCommandJobOperator.partial(
            task_id=name, command="echo ${{inputs.day}}", environment=IMAGE, wait_for_completion=False, **given
        ).expand(inputs=[{"day": 7}, {"day": 8}])

with DAG("sensors", start_date=START, schedule=None, default_args=DEFAULTS):
    good = command("good", WRITE, outputs={"out": None}, wait_for_completion=False)
    bad = command("bad", "echo why it failed; exit 7", wait_for_completion=False)
    for name, how in (
        ("poke", {"stream_logs": True}),
        ("reschedule", {"mode": "reschedule"}),
        ("deferred", {"deferrable": True, "poll_interval": 0.5}),
    ):
        waited = sensor(f"good_{name}", good.output, **how)
        command(f"read_{name}", "cat ${{inputs.d}}/f.txt", inputs={"d": waited.output["out"]})
        sensor(f"bad_{name}", bad.output["return_value"], **how)
        sensor(f"soft_{name}", bad.output["return_value"], soft_fail=True, **how)
    sensor("by_name", "{{ ti.xcom_pull(task_ids='good')['job_name'] }}") << good

with DAG("canceled", start_date=START, schedule=None, default_args=DEFAULTS):
    long = command("long", "sleep 120", wait_for_completion=False)
    timed = [
        sensor("timeout_poke", long.output, timeout=1),
        sensor("timeout_deferred", long.output, timeout=3, deferrable=True),
        sensor("timeout_soft", long.output, timeout=3, deferrable=True, soft_fail=True),
    ]
    cancel = AzureMLCancelJobOperator(
        task_id="cancel", job_name=long.output, trigger_rule="all_done", poll_interval=0.5
    )
    again = AzureMLCancelJobOperator(task_id="again", job_name=long.output, trigger_rule="all_done")
    missing = AzureMLCancelJobOperator(task_id="missing", job_name="no-such-job", trigger_rule="all_done")
    timed >> cancel >> again >> missing
    for name, how in (("poke", {}), ("deferred", {"deferrable": True})):
        missing >> sensor(f"fail_{name}", long.output, trigger_rule="all_done", **how)
        missing >> sensor(f"retry_{name}", long.output, trigger_rule="all_done", on_canceled="retry", **how)
        missing >> sensor(f"skip_{name}", long.output, trigger_rule="all_done", on_canceled="skip", **how)
