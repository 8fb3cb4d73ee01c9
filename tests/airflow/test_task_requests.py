"""What a task asks for a job that is there already in every part, in a process that has asked nothing yet."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.client import kept_client
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLJobOperator,
)
from airflow_azureml.rest import assets
from tests.airflow.instance import Instance
from tests.airflow.scoring import deployment, endpoint, invoker, register, scorer, unique
from tests.airflow.test_computes import Made
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator

LOGIN = re.compile(r"/(v2\.0/\.well-known|oauth2/v2\.0)/")
"""Paths that are asked for a token."""

Ask = Callable[..., list[str]]


@pytest.fixture
def ask(emulator: RunningEmulator, hook: AzureMLHook) -> Ask:
    """Runs a task twice, each time as in a fresh process; the requests of the second one but those for tokens."""
    home = hook.settings().workspace.path

    def short(row: dict[str, Any]) -> str:
        path = row["path"].removeprefix(home).strip("/")
        what = "blob" if "LocalUpload" in path else path.split("/")[0]
        return f"{row['method']} {what}{' secret' if path.endswith('/listSecrets') else ''}"

    def run(make: Callable[[str], Any], try_number: int = 1, **facts: Any) -> list[str]:
        before = 0
        for _ in range(2):
            kept_client.forget()
            before, name = len(emulator.journal()), unique("t")
            ti = Instance(name)
            vars(ti).update(try_number=try_number, **facts)
            make(name).execute(ti.context())
        kept_client.forget()
        return [short(row) for row in emulator.journal()[before:] if not LOGIN.search(row["path"])]

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Code and data that nobody else has."""
    for name in ("src/main.py", "one/a", "two/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{name} {tmp_path}")
    return tmp_path


def command(folder: Path, **given: Any) -> Callable[[str], Any]:
    """A task that submits a command with code and an environment that is written out."""
    keywords = {"environment": {"image": "python"}, "code": str(folder / "src"), **given}
    dag = DAG("d", schedule=None)
    return lambda name: AzureMLCommandJobOperator(
        task_id=name, dag=dag, command="true", **{"wait_for_completion": False, **keywords}
    )


def job(folder: Path, text: str) -> Callable[[str], Any]:
    """A task that submits a job file, whose ``STEP`` is a command with code and environment."""
    step = f"{{command: 'true', code: {folder / 'src'}, environment: {{image: python}}}}"
    path = folder / "job.yml"
    path.write_text(text.replace("STEP", step))
    dag = DAG("d", schedule=None)
    return lambda name: AzureMLJobOperator(task_id=name, dag=dag, job=path, wait_for_completion=False)


@pytest.fixture
def data(hook: AzureMLHook) -> str:
    """The name of a data asset."""
    name = unique("data")
    place = "azureml://datastores/workspaceblobstore/paths/x/"
    AzureMLCreateDataAssetOperator(task_id="t", name=name, path=place).execute(Instance().context())
    return name


@pytest.fixture
def environment(hook: AzureMLHook) -> str:
    """The name of an environment."""
    name = unique("environment")
    with hook.client() as client:
        client.run(assets.create(client.workspace, "environments", name, "1", {"properties": {"image": "python"}}))
    return name


COMMAND = ["GET codes", "PUT environments", "PUT jobs"]
"""For code and an environment that is written out, in the order of the body."""

MOST = 4
"""Requests for an unchanged job, its PUT among them."""

FOLLOWING = ["GET jobs", "PUT jobs"]
"""For whatever an earlier job had, too, however much that is."""

STORE = ["GET datastores", "POST datastores secret"]


def test_a_command(ask: Ask, folder: Path) -> None:
    assert sorted(ask(command(folder))) == sorted(COMMAND)
    assert ask(command(folder, environment="azureml:AzureML-x:1")) == ["GET codes", "PUT jobs"]


def test_a_retry_looks_first(ask: Ask, folder: Path) -> None:
    """For the job of the try before, and of the generation that may have come after it."""
    asked = ask(command(folder, retries=1), try_number=2)
    assert asked[:2] == ["GET jobs", "GET jobs"]
    assert sorted(asked[2:]) == sorted(COMMAND)


def test_a_retry_that_finds_no_job_looks_for_one_of_another_start(ask: Ask, folder: Path) -> None:
    """Where something tells such a job. Two of the requests are for the address of run history."""
    carrier = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-00"}
    asked = ask(command(folder, retries=1), try_number=2, context_carrier=carrier)
    assert asked[:5] == ["GET jobs", "GET jobs", "GET ", "GET discovery", "POST history"]
    assert sorted(asked[5:]) == sorted(COMMAND)
    first = ask(command(folder, retries=1), context_carrier=carrier)
    assert sorted(first) == sorted(COMMAND)


def test_a_compute_that_is_named_is_looked_at(ask: Ask, folder: Path) -> None:
    asked = ask(command(folder, compute="cpu-cluster"))
    assert sorted(asked) == sorted([*COMMAND, "GET computes"])
    assert len(asked) == MOST


def test_a_label_takes_one_request(ask: Ask, folder: Path, environment: str, data: str) -> None:
    latest = {"environment": f"azureml:{environment}@latest"}
    asked = sorted(["GET codes", "GET environments", "PUT jobs"])
    assert sorted(ask(command(folder, **latest))) == asked
    inputs = {"d": {"type": "uri_folder", "path": f"azureml:{data}@latest"}}
    assert sorted(ask(command(folder, inputs=inputs, **latest))) == sorted([*asked, "GET data"])


def local(folder: Path, *names: str) -> dict[str, Any]:
    """Inputs whose data are here."""
    return {name: {"type": "uri_folder", "path": str(folder / name)} for name in names}


def test_local_data_are_there_if_an_earlier_job_had_them(ask: Ask, folder: Path, environment: str) -> None:
    """One look for all that is known by its content, one for all computes, and one for a label."""
    assert sorted(ask(command(folder, inputs=local(folder, "one")))) == FOLLOWING
    assert sorted(ask(command(folder, inputs=local(folder, "one", "two")))) == FOLLOWING
    named = ask(command(folder, inputs=local(folder, "one"), compute="cpu-cluster"))
    assert sorted(named) == sorted([*FOLLOWING, "GET computes"])
    latest = {"environment": f"azureml:{environment}@latest"}
    labelled = ask(command(folder, inputs=local(folder, "one"), compute="cpu-cluster", **latest))
    assert sorted(labelled) == sorted([*FOLLOWING, "GET computes", "GET environments"])
    assert len(labelled) == MOST


def test_a_retry_looks_at_local_data(ask: Ask, folder: Path) -> None:
    """What the try before had may have been its fault."""
    asked = ask(command(folder, retries=1, inputs=local(folder, "one")), try_number=2)
    assert sorted(asked[2:]) == sorted([*COMMAND, *STORE, "HEAD blob"])


def test_what_an_earlier_job_that_has_failed_had_is_looked_at(
    ask: Ask, folder: Path, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    def failing(name: str) -> Any:
        operator = command(folder, inputs=local(folder, "one"))(name)
        operator.command = "exit 3"
        jobs = [row["path"].rpartition("/")[2] for row in emulator.journal("/jobs/") if row["method"] == "PUT"]
        for job in jobs[-1:]:
            hook.wait_for_job(job, 30)
        return operator

    asked = [line for line in ask(failing) if line != "GET jobs"]
    assert sorted(asked) == sorted([*COMMAND, *STORE, "HEAD blob"])


def test_what_an_earlier_job_had_and_is_gone_is_made_anew(
    ask: Ask, folder: Path, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    """The service refuses the job, whose needs are met one by one then."""
    service = Service(emulator)

    def without_code(name: str) -> Any:
        for row in emulator.journal("/codes/"):
            if row["method"] == "PUT":
                service.request("DELETE", row["path"].partition("/workspaces/")[2].partition("/")[2])
        return command(folder, inputs=local(folder, "one"))(name)

    asked = ask(without_code)
    assert [line for line in asked if line.endswith(" jobs")] == ["GET jobs", "PUT jobs", "PUT jobs"]
    assert "POST codes" in asked


def test_the_hook_asks_for_an_earlier_job_too(ask: Ask, folder: Path, hook: AzureMLHook) -> None:
    """A job of its own, or of a task: it is the same job."""
    text = "type: command\ncompute: cpu-cluster\ninputs: {one: {type: uri_folder, path: one}}\n<<: STEP\n"
    job(folder, text)

    class Submit:
        def __init__(self, name: str) -> None:
            self.name = name

        def execute(self, _: Any) -> None:
            hook.create_job(folder / "job.yml", self.name)

    assert sorted(ask(Submit)) == sorted([*FOLLOWING, "GET computes"])


def test_a_job_file(ask: Ask, folder: Path) -> None:
    assert sorted(ask(job(folder, "type: command\n<<: STEP\n"))) == sorted(COMMAND)


def test_a_pipeline(ask: Ask, folder: Path) -> None:
    """Code, environment and components once each, however many nodes they have."""
    nodes = "jobs:\n  a: {type: command, <<: STEP}\n  b: {type: command, <<: STEP}\n"
    once = [*COMMAND, "PUT components"]
    assert sorted(ask(job(folder, f"type: pipeline\nsettings: {{default_compute: serverless}}\n{nodes}"))) == sorted(
        once
    )
    assert len(once) == MOST


def test_a_pipeline_whose_environment_has_a_label_asks_for_that_first(ask: Ask, folder: Path, environment: str) -> None:
    step = f"{{command: 'true', code: {folder / 'src'}, environment: 'azureml:{environment}@latest'}}"
    other = step.replace("'true'", "'true 2'")
    nodes = f"jobs:\n  a: {{type: command, <<: {step}}}\n  b: {{type: command, <<: {other}}}\n"
    asked = ask(job(folder, f"type: pipeline\ncompute: azureml:cpu-cluster\n{nodes}"))
    assert sorted(asked) == sorted([*FOLLOWING, "GET computes", "GET environments"])
    assert asked.index("GET environments") < asked.index("GET jobs")
    assert len(asked) == MOST


@pytest.mark.parametrize("computes", [1, 2])
def test_a_pipeline_asks_for_all_its_computes_at_once_and_for_an_earlier_one(
    ask: Ask, folder: Path, emulator: RunningEmulator, computes: int
) -> None:
    second = Made(emulator).name if computes == 2 else "cpu-cluster"
    nodes = f"""
jobs:
  a: {{type: command, <<: STEP}}
  b: {{type: command, compute: 'azureml:{second}', environment_variables: {{A: b}}, <<: STEP}}
  c: {{type: command, inputs: {{one: {{type: uri_folder, path: {folder / "one"}}}}}, <<: STEP}}
"""
    asked = ask(job(folder, f"type: pipeline\ncompute: azureml:cpu-cluster\n{nodes}"))
    assert sorted(asked) == sorted([*FOLLOWING, "GET computes"])


def test_a_batch_job(ask: Ask, folder: Path, data: str) -> None:
    """The POST goes to the scoring address; local data take what they take everywhere."""
    name = unique("ep")
    endpoint(name=name)
    deployment(name="blue", endpoint_name=name, set_default=True, **scorer(folder, register(folder, "10")))

    def invoke(given: str) -> Callable[[str], Any]:
        return lambda _: invoker(endpoint_name=name, input=given, wait_for_completion=False)

    looks, post = 2 * ["GET batchEndpoints"], ["POST scoring"]
    assert ask(invoke(f"azureml:{data}:1")) == [*looks, *post]
    assert ask(invoke(str(folder / "one"))) == [*looks, *STORE, "HEAD blob", *post]


def test_a_whole_task_asks_nothing_twice(emulator: RunningEmulator, hook: AzureMLHook, folder: Path) -> None:
    """But how its job is, which changes: the workspace and its data plane, and what was asked for the submission."""
    inputs = {"one": {"type": "uri_folder", "path": str(folder / "one")}}
    task = command(folder, inputs=inputs, outputs={"out": {}}, wait_for_completion=True, poll_interval=0.2)
    before = len(emulator.journal())
    kept_client.forget()
    task("whole").execute(Instance(unique("t")).context())
    changing = re.compile(r"/jobs/|/oauth2/|/runs/|std_log\.txt$")
    rows = [row for row in emulator.journal()[before:] if not changing.search(row["path"])]
    lines = [f"{row['method']} {row['path']}" for row in rows if row["method"] == "GET"]
    assert any("/discovery" in line for line in lines)
    assert len(lines) == len(set(lines))
