"""A retry of a failed pipeline runs the steps that have not finished, and no other: they are counted at the service."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLJobOperator
from airflow_azureml.rest import history
from demo.warm_python import WarmPython
from tests.airflow.instance import Instance
from tests.airflow.test_resubmission import next_try
from tests.emulator_fixture import RunningEmulator
from tests.lifecycle.test_sweeps_against_emulator import LOGS_ITS_RATE

pytestmark = pytest.mark.usefixtures("hook")

IMAGE = {"image": "docker.io/python"}
OUTPUTS = ("report", "kept")


def step(command: str, inputs: dict[str, Any] | None = None, **outputs: Any) -> dict[str, Any]:
    """A step of a pipeline."""
    given = {"type": "command", "command": command, "environment": IMAGE, "outputs": outputs}
    return given | ({"inputs": inputs} if inputs else {})


def pipeline(flags: Path) -> dict[str, Any]:
    """Four steps, of which two fail for as long as there is no file of their name."""
    return {
        "type": "pipeline",
        # Nothing is reused by the service itself.
        "settings": {"default_compute": "serverless", "force_rerun": True, "continue_on_step_failure": True},
        "inputs": {"word": "hello"},
        "outputs": {name: {"type": "uri_folder"} for name in OUTPUTS},
        "jobs": {
            "first": step(
                "date +%N > ${{outputs.o}}/x; echo file > ${{outputs.f}}",
                o={"type": "uri_folder"},
                f={"type": "uri_file"},
            ),
            "side": step(
                "echo ${{inputs.w}} > ${{outputs.k}}/k",
                {"w": "${{parent.inputs.word}}"},
                k="${{parent.outputs.kept}}",
            ),
            "fails": step(
                f"test -e {flags}/fails && cat ${{{{inputs.a}}}}/x ${{{{inputs.f}}}} > ${{{{outputs.o}}}}/x",
                {"a": "${{parent.jobs.first.outputs.o}}", "f": "${{parent.jobs.first.outputs.f}}"},
                o={"type": "uri_folder"},
            ),
            "last": step(
                f"test -e {flags}/last && cat ${{{{inputs.a}}}}/x ${{{{inputs.k}}}}/k > ${{{{outputs.r}}}}/r",
                {"a": "${{parent.jobs.fails.outputs.o}}", "k": "${{parent.jobs.side.outputs.k}}"},
                r="${{parent.outputs.report}}",
            ),
        },
    }


def run(job: dict[str, Any], ti: Instance, **given: Any) -> dict[str, Any]:
    """One try of a task that runs a pipeline."""
    task = AzureMLJobOperator(
        task_id="t", dag=DAG("d", schedule=None), job=job, retries=3, poll_interval=0.2, repair=True, **given
    )
    return task.execute(ti.context())


def failed(job: dict[str, Any], ti: Instance) -> str:
    """A try whose job fails; the job's name."""
    with pytest.raises(exceptions.AzureMLJobFailedError) as caught:
        run(job, ti)
    return caught.value.job_name


def steps(hook: AzureMLHook, job: str) -> dict[str, str]:
    """The steps that a job has run, with how they ended."""
    with hook.client() as client:
        return {str(run.display_name): run.status for run in client.run(history.children(client.workspace, job))}


def read(hook: AzureMLHook, folder: Path, job: str, output: str) -> str:
    """What is in the files of an output."""
    return "".join(Path(file).read_text() for file in sorted(hook.download_output(job, output, folder / output)))


def test_a_job_without_steps_says_that_it_is_not_repaired(capsys: pytest.CaptureFixture[str]) -> None:
    said = "repair: the job is not a pipeline: a retry runs all of it again."
    run({"type": "command", "command": "true", "environment": IMAGE}, Instance(retries=3))
    assert said in capsys.readouterr().out
    run({"type": "pipeline", "settings": {"default_compute": "serverless"}, "jobs": {"a": step("true")}}, Instance())
    assert said not in capsys.readouterr().out


def test_only_what_has_not_finished_runs_again(
    hook: AzureMLHook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job, ti = pipeline(tmp_path), Instance(retries=3)
    first = failed(job, ti)
    assert steps(hook, first) == {"first": "Completed", "side": "Completed", "fails": "Failed"}
    (tmp_path / "fails").touch()
    second = failed(job, second_try := next_try(ti, 3))
    assert steps(hook, second) == {"fails": "Completed", "last": "Failed"}
    (tmp_path / "last").touch()
    result = run(job, ti := next_try(second_try, 3))
    assert steps(hook, result["job_name"]) == {"last": "Completed"}
    assert [first[-2:], second[-2:], result["job_name"][-2:]] == ["-1", "-2", "-3"]
    said = capsys.readouterr().out
    assert f"Azure ML job {first} is repaired. Steps taken over: first, side. Run again: fails, last." in said
    assert f"Azure ML job {second} is repaired. Steps taken over: first, side, fails. Run again: last." in said
    # The outputs are those of the whole pipeline, whichever job has made them.
    assert {name: output["type"] for name, output in result["outputs"].items()} == dict.fromkeys(OUTPUTS, "uri_folder")
    assert {name: ti.xcoms[name] for name in OUTPUTS} == result["outputs"]
    assert read(hook, tmp_path, result["job_name"], "kept") == "hello\n"
    number, *words = read(hook, tmp_path, result["job_name"], "report").split()
    assert number.isdigit()
    assert words == ["file", "hello"]


def test_a_step_that_azure_has_ended_runs_again_alone_in_the_same_try(
    hook: AzureMLHook, emulator: RunningEmulator, tmp_path: Path
) -> None:
    ti = Instance(retries=3)
    emulator.fault("preempt", scope=ti.run_id, times=1)
    (tmp_path / "fails").touch()
    (tmp_path / "last").touch()
    result = run(pipeline(tmp_path), ti)
    # Two steps begin together, and either may be the one: after "first" one other step can finish, after "side" two.
    ended = steps(hook, f"{result['job_name'][:-2]}-1")
    (lost,) = (name for name, status in ended.items() if status == "Failed")
    assert ended == {"first": {"first": "Failed", "side": "Completed"}}.get(
        lost, {"first": "Completed", "fails": "Completed", "side": "Failed"}
    )
    finished = {name for name, status in ended.items() if status == "Completed"}
    assert set(steps(hook, result["job_name"])) == {"first", "side", "fails", "last"} - finished
    assert result["attempts"] == 2


def test_a_step_that_has_changed_runs_again_and_so_does_what_follows(hook: AzureMLHook, tmp_path: Path) -> None:
    job, ti = pipeline(tmp_path), Instance(retries=3)
    failed(job, ti)
    (tmp_path / "fails").touch()
    (tmp_path / "last").touch()
    changed = copy.deepcopy(job)
    changed["jobs"]["first"]["command"] += "; true"
    result = run(changed, next_try(ti, 3))
    assert set(steps(hook, result["job_name"])) == {"first", "fails", "last"}


INNER = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json
type: pipeline
name: inner
outputs: {out: {type: uri_folder}}
jobs:
  deep:
    type: command
    command: echo deep > ${{outputs.o}}/d
    environment: {image: docker.io/python}
    outputs: {o: "${{parent.outputs.out}}"}
"""


def test_microsofts_client_would_send_what_a_repaired_step_takes(
    hook: AzureMLHook, tmp_path: Path, emulator: RunningEmulator, microsofts_client: WarmPython
) -> None:
    first, second, copied = (f"repair-{uuid4().hex[:8]}" for _ in range(3))
    hook.create_job(pipeline(tmp_path), first)
    hook.wait_for_job(first)
    hook.create_job(pipeline(tmp_path), second, repairs=first)
    script = Path(__file__).with_name("scripts") / "resubmit.py"
    done = microsofts_client.run(script, cwd=tmp_path, settings={**emulator.env, "JOB": second, "COPY": copied})
    assert done.returncode == 0, done.stderr[-3000:]
    ours, theirs = (hook.get_job(name).raw["properties"]["jobs"] for name in (second, copied))
    assert {name: step["inputs"] for name, step in ours.items()} == {
        name: step["inputs"] for name, step in theirs.items()
    }
    assert ours["fails"]["inputs"]["f"]["job_input_type"] == "uri_file"


def test_a_nested_pipeline_and_a_sweep_are_taken_over_whole(hook: AzureMLHook, tmp_path: Path) -> None:
    (tmp_path / "inner.yml").write_text(INNER)
    trial = {
        "type": "command",
        "environment": IMAGE,
        "inputs": {"rate": {"type": "number"}},
        "outputs": {"model": {"type": "uri_folder"}},
        "command": f"R=${{{{inputs.rate}}}}; python -c '{LOGS_ITS_RATE}' $R; echo $R > ${{{{outputs.model}}}}/m",
    }
    sweep = {
        "type": "sweep",
        "trial": trial,
        "search_space": {"rate": {"type": "choice", "values": [0.25, 0.75]}},
        "sampling_algorithm": "grid",
        "objective": {"goal": "maximize", "primary_metric": "auc"},
        "limits": {"max_total_trials": 2},
        "outputs": {"model": {"type": "uri_folder"}},
    }
    last = step(
        f"test -e {tmp_path}/last && cat ${{{{inputs.a}}}}/d ${{{{inputs.m}}}}/m > ${{{{outputs.r}}}}/r",
        {"a": "${{parent.jobs.nested.outputs.out}}", "m": "${{parent.jobs.tune.outputs.model}}"},
        r="${{parent.outputs.report}}",
    )
    jobs = {"nested": {"type": "pipeline", "component": str(tmp_path / "inner.yml")}, "tune": sweep, "last": last}
    job = {**pipeline(tmp_path), "inputs": {}, "outputs": {"report": {"type": "uri_folder"}}, "jobs": jobs}
    ti = Instance(retries=3)
    failed(job, ti)
    (tmp_path / "last").touch()
    result = run(job, next_try(ti, 3))
    assert steps(hook, result["job_name"]) == {"last": "Completed"}
    assert read(hook, tmp_path, result["job_name"], "report") == "deep\n0.75\n"


def test_a_clear_runs_the_whole_job(hook: AzureMLHook, tmp_path: Path) -> None:
    job, ti = pipeline(tmp_path), Instance(retries=0)
    failed(job, ti)
    cleared = Instance(run_id=ti.run_id, retries=3, tries_before=1)
    assert set(steps(hook, failed(job, cleared))) == {"first", "side", "fails"}


def test_the_hook_repairs_a_job_that_somebody_else_submitted(hook: AzureMLHook, tmp_path: Path) -> None:
    first, second, other = (f"repair-{uuid4().hex[:8]}" for _ in range(3))
    hook.create_job({"type": "command", "command": "sleep 60", "environment": IMAGE}, other)
    with pytest.raises(exceptions.AzureMLSpecError, match=rf"repairs: job {other} is .* a job that has ended"):
        hook.create_job(pipeline(tmp_path), second, repairs=other)
    hook.cancel_job(other)
    hook.create_job(pipeline(tmp_path), first)
    assert hook.wait_for_job(first).status == "Failed"
    (tmp_path / "fails").touch()
    (tmp_path / "last").touch()
    hook.create_job(pipeline(tmp_path), second, repairs=first)
    assert hook.wait_for_job(second).status == "Completed"
    assert set(steps(hook, second)) == {"fails", "last"}
    assert set(hook.get_result(second)["outputs"]) == set(OUTPUTS)


@pytest.mark.parametrize(
    ("job", "why"),
    [
        ({"type": "command", "command": "exit 3", "environment": IMAGE}, "a job of type command has no steps"),
        (
            {"type": "pipeline", "settings": {"default_compute": "serverless"}, "jobs": {"one": step("exit 3")}},
            "none of its steps has finished, is as it was, and has outputs that can be found",
        ),
    ],
)
def test_what_cannot_be_repaired_runs_whole_and_says_so(
    job: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ti = Instance(retries=3)
    first = failed(job, ti)
    assert "repaired" not in capsys.readouterr().out
    assert failed(job, next_try(ti, 3)).endswith("-2")
    assert f"Azure ML job {first} is not repaired: {why}. The whole job runs again." in capsys.readouterr().out
