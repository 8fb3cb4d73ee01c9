"""A folder that lasts: a script that was taken from its node goes on where it was, in the next attempt and try."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow.instance import Instance
from tests.airflow.task_process import operator
from tests.airflow.test_resubmission import attempts_of, next_try, until_done
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

COUNT = """\
file=${{outputs.ckpt}}/count; number=$(($(cat $file 2>/dev/null || echo 0) + 1))
echo $number > $file; echo "started $number times"
"""


def places(hook: AzureMLHook, name: str) -> list[str | None]:
    """Where each attempt of a generation had its folder."""
    return [job.outputs["ckpt"].uri for job in attempts_of(hook, name)]


@pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "deferred"])
def test_a_script_goes_on_where_the_last_node_left_off(
    hook: AzureMLHook, emulator: RunningEmulator, capsys: pytest.CaptureFixture[str], deferrable: bool
) -> None:
    ti = Instance(retries=1)
    emulator.fault("preempt", scope=ti.run_id, times=2, delay=1)
    command = f"{COUNT}if [ $number -lt 3 ]; then sleep 30; fi"
    given: dict[str, Any] = {"outputs": {"ckpt": None}, "checkpoint": "ckpt", "retries": 1}
    result = until_done(operator(command, deferrable=deferrable, **given), ti)
    assert result["attempts"] == 3
    (place,) = set(places(hook, result["job_name"]))
    assert len(places(hook, result["job_name"])) == 3
    stem = result["job_name"].rpartition("-")[0].rpartition("-")[2]
    assert place == f"azureml://datastores/workspaceblobstore/paths/airflow-checkpoints/{stem}/"
    assert result["outputs"]["ckpt"]["path"].endswith(f"/paths/airflow-checkpoints/{stem}/")
    assert "started 3 times" in capsys.readouterr().out


def test_a_retry_has_the_same_folder_and_a_clear_another_one(hook: AzureMLHook) -> None:
    ti = Instance(retries=1)
    given: dict[str, Any] = {"outputs": {"ckpt": {"mode": "rw_mount"}}, "checkpoint": "ckpt", "retries": 1}
    task = operator(f"{COUNT}test $number = 2", **given)
    with pytest.raises(exceptions.AzureMLJobFailedError):
        task.execute(ti.context())
    first = task.execute(next_try(ti).context())["job_name"]
    assert len(set(places(hook, first))) == 1
    cleared = Instance(run_id=ti.run_id, retries=1, tries_before=2)
    second = operator(COUNT, **given).execute(cleared.context())["job_name"]
    assert not set(places(hook, first)) & set(places(hook, second))


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (None, "'ckpt' is not an output of the job. Accepted: none, the job declares no outputs"),
        ({"model": None}, "'ckpt' is not an output of the job. Accepted: model"),
        ({"ckpt": {"path": "azureml://datastores/d/paths/x/"}}, r"'ckpt' has a place of its own \(path\)"),
        ({"ckpt": {"name": "asset"}}, r"'ckpt' has a place of its own \(name\)"),
        ({"ckpt": {"type": "uri_file"}}, "'ckpt' is of the type 'uri_file'"),
        ({"ckpt": {"mode": "upload"}}, "'ckpt' has mode upload"),
    ],
)
def test_an_output_that_cannot_last_is_refused_before_anything_is_sent(
    emulator: RunningEmulator, outputs: Any, words: str
) -> None:
    before = len(emulator.journal())
    with pytest.raises(exceptions.AzureMLSpecError, match=f"checkpoint: {words}"):
        operator("true", outputs=outputs, checkpoint="ckpt").execute(Instance().context())
    assert len(emulator.journal()) == before
