"""What DAG authors make of our operators: classes of their own, hooks, callbacks, setups, groups."""

import datetime
from typing import ClassVar

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, setup, task, task_group, teardown

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateComputeOperator,
    AzureMLDeleteComputeOperator,
)
from airflow_azureml.sensors import AzureMLJobSensor

START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
IMAGE = {"image": "docker.io/python"}
WRITE = "echo $WORD > ${{outputs.out}}/f.txt"


class Counted:
    """A mixin that has nothing to do with Airflow, with a keyword of its own."""

    def __init__(self, *, owned_by: str, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.owned_by = owned_by


class Owned(Counted, AzureMLCommandJobOperator):
    """A job with a team, which is rendered, tagged and put into the result, in each mode."""

    template_fields: ClassVar = [*AzureMLCommandJobOperator.template_fields, "team"]

    def __init__(
        self, *, owned_by: str, team: str = "{{ params.team }}", tags: dict | None = None, **kwargs: object
    ) -> None:
        super().__init__(owned_by=owned_by, tags={"cost": "7", **(tags or {})}, **kwargs)
        self.team = team

    def execute(self, context: object) -> object:
        self.tags = {**self.tags, "team": self.team, "owned_by": self.owned_by}
        return self.with_team(super().execute(context))

    def execute_complete(self, context: object, event: object = None) -> object:
        return self.with_team(super().execute_complete(context, event))

    def with_team(self, result: dict) -> dict:
        return {**result, "team": self.team}


class Patient(AzureMLJobSensor):
    """A sensor that looks at something else first."""

    def __init__(self, *, first: str = "x", **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.first = first

    def poke(self, context: object) -> object:
        self.log.info("FIRST %s", self.first)
        return super().poke(context)


def say(word: str):
    def callback(context: dict, *_: object) -> None:
        print(f"SAID {context['ti'].task_id} {word}")

    return callback


def refuse(context: dict) -> None:
    raise AirflowSkipException("not today")


CALLBACKS = {f"on_{word}_callback": say(word) for word in ("execute", "success", "failure", "retry", "skipped")}


def build(mode: str) -> None:
    """All tasks, which wait on a worker or are deferred."""
    waits = {"environment": IMAGE, "deferrable": mode == "deferred", "poll_interval": 0.5}
    with DAG(f"own_{mode}", start_date=START, schedule=None, params={"team": "blue"}, default_args=CALLBACKS):
        word = {"environment_variables": {"WORD": "{{ task_instance_key_str[:3] }}"}, "outputs": {"out": None}}
        owned = Owned(task_id="owned", owned_by="me", command=WRITE, **word, **waits)
        Owned.partial(task_id="owned_mapped", owned_by="you", **word, **waits).expand(command=[WRITE, f"{WRITE}; true"])
        Patient(task_id="patient", job_name=owned.output, deferrable=waits["deferrable"], poke_interval=0.5)

        AzureMLCommandJobOperator(
            task_id="hooked", command="true", pre_execute=say("pre"), post_execute=say("post"), **waits
        )
        AzureMLCommandJobOperator(task_id="refused", command="true", pre_execute=refuse, **waits)
        failed = AzureMLCommandJobOperator(task_id="failed", command="exit 3", **waits)
        AzureMLCommandJobOperator(task_id="after", command="true", trigger_rule="one_failed", **waits) << failed
        never = AzureMLCommandJobOperator(task_id="never", command="true", trigger_rule="all_success", **waits)
        failed >> never
        AzureMLCommandJobOperator(task_id="keys", command=WRITE, multiple_outputs=True, **word, **waits)
        silent = AzureMLCommandJobOperator(task_id="silent", command=WRITE, do_xcom_push=False, **word, **waits)
        AzureMLCommandJobOperator(
            task_id="reads_silent", command="cat ${{inputs.d}}/f.txt", inputs={"d": silent.output["out"]}, **waits
        )

        @task.azureml_command(outputs={"out": None}, **waits)
        def written(word: str) -> str:
            return f"echo {word} > ${{{{outputs.out}}}}/f.txt"

        written.override(task_id="overridden", tags={"by": "override"}, retries=0)("one")
        written.override(task_id="override_mapped").partial().expand(word=["one", "two"])
        AzureMLCommandJobOperator.partial(task_id="rows", **waits).expand_kwargs(
            [{"command": "true", "tags": {"row": "1"}}, {"command": "echo", "display_name": "second"}]
        )

        @task_group
        def each(day: int) -> None:
            made = AzureMLCommandJobOperator(task_id="made", command=WRITE, **word, **waits)
            AzureMLCommandJobOperator(
                task_id="read", command="cat ${{inputs.d}}/f.txt", inputs={"d": made.output["out"], "day": day}, **waits
            )

        each.expand(day=[7, 8])

        up = AzureMLCreateComputeOperator(task_id="up", name=f"own-{mode}", size="STANDARD_DS3_V2", max_instances=1)
        down = AzureMLDeleteComputeOperator(task_id="down", name=up.output["name"]).as_teardown(setups=up)
        bad = AzureMLCommandJobOperator(task_id="between", command="exit 4", compute=up.output, **waits)
        up >> bad >> down

        @setup
        @task.azureml_command(outputs={"out": None}, **waits)
        def first() -> str:
            return "echo 1 > ${{outputs.out}}/f.txt"

        @teardown
        @task.azureml_command(**waits)
        def last() -> str:
            return "exit 5"

        begun = first()
        begun >> AzureMLCommandJobOperator(task_id="amid", command="true", **waits) >> last().as_teardown(setups=begun)


build("worker")
build("deferred")
