"""Which computes a job names, what is said of each before it is submitted, and what is taken in its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.attempts.computes import Choices
from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission
from airflow_azureml.lifecycle.computes.named import uses
from airflow_azureml.lifecycle.computes.readiness import UnfitComputeError, check_computes, judge
from airflow_azureml.lifecycle.naming import COMPUTE_TAG, identify
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.lifecycle.submission import submit
from airflow_azureml.rest.errors import (
    BadRequestError,
    ForbiddenError,
    NoAnswerError,
    NoCapacityError,
    NotFoundError,
    UnreachableError,
)
from airflow_azureml.rest.flow import Call, News
from airflow_azureml.rest.resources.computes import Compute
from tests.lifecycle.service import Service
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, Drive, job, reply

IDENTITY = identify(FACTS)
COMMAND = {"type": "command", "command": "echo", "environment": "azureml:e:1"}
OUT_OF_QUOTA = (
    "Job submission to AzureML Compute encountered an Exception with status code JobNodeCountExceedsCoreQuota, The "
    "specified subscription has a Standard DSv2 family vCPU quota of 2 and is less than the requested job node count."
)
OTHER = "/subscriptions/o/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c"


def compute_json(provisioning: str = "Succeeded", kind: str = "AmlCompute", **inner: Any) -> dict[str, Any]:
    """A compute resource as the service sends it; a cluster of four nodes."""
    inner = {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}, **inner} if kind == "AmlCompute" else inner
    return {"name": "c", "properties": {"computeType": kind, "provisioningState": provisioning, "properties": inner}}


def instance(state: str | None, **inner: Any) -> dict[str, Any]:
    """A compute instance."""
    return compute_json("Succeeded", "ComputeInstance", state=state, **inner)


def starting(action: str = "Start", status: str = "Enabled") -> dict[str, Any]:
    """Schedules of a compute instance."""
    return {"computeStartStop": [{"action": "Stop", "status": "Enabled"}, {"action": action, "status": status}]}


def used(job: Mapping[str, Any], folder: str | None = None) -> set[tuple[str, str, int]]:
    """What a job asks of which computes."""
    found = uses(WS, translate(load(job, folder=folder), WS).body["properties"])
    return {(use.place, use.name, use.nodes) for use in found}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("c", "c"),
        ("azureml:c", "c"),
        ("azureml:c@latest", "c@latest"),
        (f"{WS.path}/computes/c", "c"),
        (f"azureml:{WS.path.replace('resourceGroups', 'resourcegroups')}/computes/c", "c"),
        ("serverless", None),
        ("azureml:serverless", None),
        ("local", None),
        (OTHER, None),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/virtualclusters/v", None),
    ],
)
def test_each_form_of_a_compute(given: str, expected: str | None) -> None:
    assert used({**COMMAND, "compute": given}) == ({("compute", expected, 1)} if expected else set())


SWEEP = {
    "search_space": {"a": {"type": "choice", "values": [1]}},
    "objective": {"goal": "minimize", "primary_metric": "x"},
    "limits": {"max_total_trials": 1},
}
AUTOML = {
    "type": "automl",
    "task": "classification",
    "primary_metric": "accuracy",
    "target_column_name": "y",
    "training_data": {"type": "mltable", "path": "azureml:d:1"},
}

CONF = {
    **{f"spark.{part}.cores": 1 for part in ("driver", "executor")},
    **{f"spark.{part}.memory": "2g" for part in ("driver", "executor")},
    "spark.executor.instances": 1,
}


def test_jobs_of_every_kind_say_how_many_nodes_a_run_takes(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    three = {"compute": "c", "resources": {"instance_count": 3}}
    trial = {"command": "echo ${{search_space.a}}", "environment": "azureml:e:1", "resources": {"instance_count": 5}}
    assert used({**COMMAND, **three}) == {("compute", "c", 3)}
    assert used({**AUTOML, **three}) == {("compute", "c", 3)}
    assert used({"type": "sweep", "compute": "c", "trial": trial, **SWEEP}) == {("compute", "c", 5)}
    spark = {"type": "spark", "compute": "c", "entry": {"file": "a.py"}, "code": ".", "conf": CONF}
    assert used(spark, str(tmp_path)) == {("compute", "c", 1)}


def test_each_node_of_a_pipeline_counts_also_the_nested_ones(tmp_path: Path) -> None:
    (tmp_path / "inner.yml").write_text(
        "$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json\n"
        "type: pipeline\nname: inner\njobs:\n"
        "  x: {type: command, component: azureml:k:1, compute: azureml:deep, resources: {instance_count: 5}}\n"
    )
    trial = {**COMMAND, "command": "echo ${{inputs.a}}", "inputs": {"a": {"type": "number"}}}
    pipeline = {
        "type": "pipeline",
        "settings": {"default_compute": "azureml:most"},
        "jobs": {
            "one": {**COMMAND, "compute": "d", "resources": {"instance_count": 3}},
            "two": {**COMMAND, "resources": {"instance_count": 2}},
            "plain": COMMAND,
            "sweep": {"type": "sweep", "compute": "s", "trial": {**trial, "resources": {"instance_count": 4}}, **SWEEP},
            "nested": {"type": "pipeline", "component": "./inner.yml"},
        },
    }
    assert used(pipeline, str(tmp_path)) == {
        ("settings.default_compute", "most", 1),
        ("jobs.one.compute", "d", 3),
        ("jobs.two.resources.instance_count", "most", 2),
        ("jobs.sweep.compute", "s", 4),
        ("jobs.nested.component.jobs.x.compute", "deep", 5),
    }


@pytest.mark.parametrize(
    ("resource", "nodes", "text"),
    [
        (compute_json("Deleting"), 1, "is being deleted."),
        (compute_json("Failed"), 1, "is in a failed state, and not ready for jobs."),
        (compute_json(), 5, "has 4 nodes at most, and the job asks for 5."),
        (compute_json(scaleSettings={"maxNodeCount": 0}), 1, "has 0 nodes at most, and the job asks for 1."),
        (instance("Running"), 2, "has 1 node at most, and the job asks for 2."),
        (instance("Stopped"), 1, "is Stopped, and has no schedule that starts it. Start it first."),
        (instance("Stopping", schedules=starting("Start", "Disabled")), 1, "is Stopping, and has no schedule"),
        (instance("Stopped", schedules=starting("Stop")), 1, "is Stopped, and has no schedule"),
        (
            instance("Unusable", errors=[{"error": {"code": "X", "message": "its node\nis lost"}}]),
            1,
            "its node is lost",
        ),
        (instance("CreateFailed"), 1, "is CreateFailed, and not ready for jobs."),
        (instance("Deleting"), 1, "is being deleted."),
        (compute_json("Failed", "Kubernetes"), 1, "is in a failed state"),
    ],
)
def test_a_compute_that_cannot_run_a_job(resource: dict[str, Any], nodes: int, text: str) -> None:
    verdict = judge(Compute.from_json("c", resource), nodes)
    assert not verdict.runs
    assert text in verdict.text


def test_what_the_service_says_of_a_failed_compute_is_told() -> None:
    resource = compute_json("Failed")
    error = {"code": "InvalidPropertyValue", "message": "The specified value Standard_B2s is not a supported VM size."}
    resource["properties"]["provisioningErrors"] = [{"error": error}]
    text = judge(Compute.from_json("c", resource)).text
    assert text.endswith("The service says: The specified value Standard_B2s is not a supported VM size.")


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        (compute_json("Creating"), "is not ready (its provisioning state is Creating)"),
        (
            compute_json(errors=[{"error": {"code": "ClusterCoreQuotaReached", "message": "no cores"}}]),
            "says: no cores",
        ),
        (instance("Stopped", schedules=starting()), "is Stopped: the job waits until its schedule starts it."),
        (instance("Starting"), "is Starting: the job waits until it runs."),
    ],
)
def test_a_compute_on_which_a_job_may_have_to_wait(resource: dict[str, Any], text: str) -> None:
    verdict = judge(Compute.from_json("c", resource))
    assert verdict.runs
    assert text in verdict.text


@pytest.mark.parametrize(
    ("resource", "nodes"),
    [
        (compute_json(currentNodeCount=0), 4),
        (compute_json("Updating"), 1),
        (compute_json("Brand New"), 1),
        (instance("Running"), 1),
        (instance("JobRunning"), 1),
        (instance("Dreaming"), 1),
        (compute_json("Succeeded", "Kubernetes", instanceTypes={"small": {}}), 99),
        ({}, 7),
    ],
)
def test_nothing_is_said_where_all_is_well_or_unknown(resource: dict[str, Any], nodes: int) -> None:
    assert judge(Compute.from_json("c", resource), nodes).text == ""


class Workspace(Service):
    """A service with computes.

    :param there: answers by name of compute; a name that is missing is 404 with an empty body, as recorded.
    :param refused: computes for which the PUT of a job is refused, and the service's words.
    """

    def __init__(self, there: Mapping[str, Any], refused: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.there, self.refused = there, refused or {}

    def __call__(self, effect: Any) -> Any:
        """Answer a call or a look."""
        if not isinstance(effect, Call) or ("/jobs/" in effect.path and effect.method == "GET"):
            return super().__call__(effect)
        name = effect.path.rpartition("/")[2]
        if effect.path.endswith("/computes"):
            self.seen.append("GET /computes")
            rows = [{**row, "name": name} for name, row in self.there.items() if isinstance(row, dict)]
            return reply(200, {"value": rows})
        if "/computes/" in effect.path:
            self.seen.append(f"GET /computes/{name}")
            answer = self.there.get(name, reply(404))
            return reply(200, answer) if isinstance(answer, dict) else answer
        if effect.method == "PUT":
            compute = effect.body["properties"].get("computeId", "serverless").rpartition("/")[2]
            if compute in self.refused:
                self.seen.append(f"PUT refused on {compute}")
                return reply(400, {"error": {"code": "UserError", "message": self.refused[compute]}})
        return super().__call__(effect)


def warnings(drive: Drive) -> list[str]:
    """What the task's log was told."""
    return [one.record.message for one in drive.effects if isinstance(one, News) and isinstance(one.record, Warned)]


def checked(there: Mapping[str, Any], job: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What was asked and told about a job's computes."""
    workspace = Workspace(there)
    drive = Drive(workspace)
    drive.run(check_computes(WS, tuple(uses(WS, translate(load(job), WS).body["properties"]))))
    return workspace.seen, warnings(drive)


def test_each_compute_is_asked_for_once_and_warned_of_once() -> None:
    nodes = {name: {**COMMAND, "compute": "c"} for name in "abc"}
    pipeline = {"type": "pipeline", "compute": "C", "jobs": nodes}
    asked, told = checked({"c": compute_json("Creating"), "C": compute_json("Creating")}, pipeline)
    assert len(asked) == 1
    assert told == ['compute: compute "c" is not ready (its provisioning state is Creating): jobs may wait.']


@pytest.mark.parametrize("trouble", [ForbiddenError("no", reply(403)), NoAnswerError("gone"), reply(500)])
def test_who_may_not_look_is_told_nothing(trouble: Any) -> None:
    asked, told = checked({"c": trouble}, {**COMMAND, "compute": "c", "resources": {"instance_count": 99}})
    assert len(asked) == 1
    assert told == []


GONE = reply(404, {"error": {"code": "ResourceNotFound", "message": "The Resource 'ws' was not found."}})


@pytest.mark.parametrize(
    ("answer", "error"), [(GONE, NotFoundError), (UnreachableError("arm.example:443"), UnreachableError)]
)
def test_a_workspace_that_is_not_there_is_no_missing_compute(answer: Any, error: type[Exception]) -> None:
    """Of a first try the look at the compute is the first request: what it says of the whole workspace is the end."""
    service = Workspace({"a": answer, "b": compute_json()})
    with pytest.raises(error, match=r"'ws' was not found|arm\.example"):
        started(service, "a", "b")
    assert service.seen == ["GET /computes/a"]


def test_all_that_is_wrong_with_a_pipeline_is_told_at_once() -> None:
    jobs = {
        "a": {**COMMAND, "compute": "cpu-clutser"},
        "b": {**COMMAND, "compute": "c", "resources": {"instance_count": 9}},
    }
    with pytest.raises(UnfitComputeError) as failed:
        checked({"c": compute_json(), "cpu-cluster": compute_json()}, {"type": "pipeline", "jobs": jobs})
    assert str(failed.value).splitlines() == [
        'jobs.a.compute: compute "cpu-clutser" does not exist in workspace "ws". Did you mean "cpu-cluster"?',
        'jobs.b.compute: compute "c" has 4 nodes at most, and the job asks for 9.',
    ]


def test_what_is_kept_of_a_compute_is_not_believed_where_it_cannot_run() -> None:
    drive = Drive(Workspace({"c": instance("Stopped")}))
    named = tuple(uses(WS, translate(load({**COMMAND, "compute": "c"}), WS).body["properties"]))
    with pytest.raises(UnfitComputeError):
        drive.run(check_computes(WS, named))
    calls = [one for one in drive.effects if isinstance(one, Call)]
    assert [(one.kept_for, one.anew) for one in calls] == [(60.0, False), (60.0, True)]


def choices(*computes: str, **more: Any) -> Choices:
    """A command on one of these computes."""
    return Choices(tuple(translate(load({**COMMAND, **more, "compute": one}), WS) for one in computes), computes)


def started(service: Service, *computes: str) -> tuple[Any, list[str]]:
    """The job of a task's first try, and what its log was told."""
    drive = Drive(service)
    found = drive.run(TaskSubmission(IDENTITY, choices(*computes)).find_or_start(WS, cancels_earlier=False))
    return found.job, warnings(drive)


def test_the_first_compute_that_can_run_the_job_is_taken() -> None:
    service = Workspace({"b": instance("Stopped"), "c": compute_json(), "d": compute_json("Failed")})
    found, told = started(service, "a", "b", "c", "d")
    assert found.compute_id.endswith("/computes/c")
    assert found.tags[COMPUTE_TAG] == "2"
    assert told == [
        'compute[0]: compute "a" does not exist in workspace "ws". There are: b, c, d. The next compute is tried: b.',
        'compute[1]: compute "c" is Stopped, and has no schedule that starts it. Start it first. '
        "The next compute is tried: c.",
    ]
    assert "GET /computes/d" not in service.seen


def test_where_no_compute_is_left_each_is_named_and_nothing_is_sent() -> None:
    service = Workspace({"b": compute_json("Deleting")})
    with pytest.raises(UnfitComputeError) as failed:
        started(service, "a", "b")
    lines = str(failed.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["compute[0]", "compute[1]"]
    assert service.puts == []


def test_after_an_end_by_azure_the_next_one_that_can_is_taken() -> None:
    service = Workspace({"a": compute_json(), "b": compute_json("Failed"), "c": compute_json()})
    first, _ = started(service, "a", "b", "c")
    service.end(first.name, "Failed")
    ended = job(first.name, "Failed", tags=first.tags)
    found = Drive(service).run(TaskSubmission(IDENTITY, choices("a", "b", "c")).start_next(WS, ended))
    assert (found.attempt, found.job.tags[COMPUTE_TAG]) == (2, "2")


@pytest.mark.parametrize("said", [OUT_OF_QUOTA, "OutOfQuota: Not enough cluster CPU quota."])
def test_a_job_that_is_refused_for_want_of_quota_goes_to_the_next_compute(said: str) -> None:
    service = Workspace({one: compute_json() for one in "abc"}, {"a": said, "b": said})
    found, told = started(service, "a", "b", "c")
    assert (found.name, found.tags[COMPUTE_TAG]) == (IDENTITY.name(1), "2")
    assert [line.rpartition(" ")[2] for line in told] == ["b.", "c."]
    assert [call for call in service.seen if call.startswith("PUT")] == [
        "PUT refused on a",
        "PUT refused on b",
        f"PUT /jobs/{IDENTITY.name(1)}",
    ]


@pytest.mark.parametrize("others", [{"b": compute_json("Failed")}, {}], ids=["failed", "missing"])
def test_a_refusal_for_want_of_quota_can_be_retried_also_where_the_others_cannot_run(others: dict[str, Any]) -> None:
    service = Workspace({"a": compute_json(), **others}, {"a": OUT_OF_QUOTA})
    with pytest.raises(NoCapacityError, match="JobNodeCountExceedsCoreQuota") as failed:
        started(service, "a", "b")
    assert failed.value.job_name == IDENTITY.name(1)


def test_any_other_refusal_is_final() -> None:
    service = Workspace({one: compute_json() for one in "ab"}, {"a": "The compute 'CheckQuota' is of no use."})
    with pytest.raises(BadRequestError):
        started(service, "a", "b")


def test_the_hook_s_submission_looks_at_computes_and_tells_a_refusal_s_reason() -> None:
    body = translate(load({**COMMAND, "compute": "a"}), WS)
    with pytest.raises(UnfitComputeError, match='compute: compute "a" does not exist'):
        Drive(Workspace({})).run(submit(WS, "j", body))
    with pytest.raises(NoCapacityError):
        Drive(Workspace({"a": compute_json()}, {"a": OUT_OF_QUOTA})).run(submit(WS, "j", body))
