"""What DAG authors make of our operators does the same on a worker and deferred, on both Airflow lines."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow.installs import AirflowInstall

pytestmark = pytest.mark.timeout(900)
MODES = ("worker", "deferred")
ENDS = {
    **dict.fromkeys(("failed", "between", "last"), "failed"),
    **dict.fromkeys(("never",), "upstream_failed"),
    **dict.fromkeys(("refused",), "skipped"),
    **dict.fromkeys(("owned", "owned_mapped[0]", "owned_mapped[1]", "patient", "hooked", "after", "keys"), "success"),
    **dict.fromkeys(("silent", "reads_silent", "overridden", "override_mapped[0]", "override_mapped[1]"), "success"),
    **dict.fromkeys(("rows[0]", "rows[1]", "up", "down", "first", "amid"), "success"),
    **dict.fromkeys(("each.made[0]", "each.made[1]", "each.read[0]", "each.read[1]"), "success"),
}
"""How each task ends, in each mode."""
BOTH_TIMES = ("owned", "failed", "first", "overridden")
"""Tasks with jobs: ``on_execute_callback`` is called whenever a task comes to a worker, also from a deferral; so is
``pre_execute``."""


@pytest.fixture(scope="module")
def run(install: AirflowInstall) -> tuple[AirflowInstall, str]:
    """The DAGs of ``own_classes.py``, run, and what they have logged."""
    return install, install.run(*(f"own_{mode}" for mode in MODES))


def job_of(run: tuple[AirflowInstall, str], mode: str, hook: AzureMLHook, task: str, index: int = -1) -> Any:
    """The job of a task, as the service has it."""
    name = run[0].xcom(f"own_{mode}", task, "azureml_job_name", index)
    return hook.get_job(name)


@pytest.mark.parametrize("mode", MODES)
def test_each_task_ends_alike(run: tuple[AirflowInstall, str], mode: str) -> None:
    assert run[0].states(f"own_{mode}") == ENDS


@pytest.mark.parametrize("mode", MODES)
def test_a_class_with_a_mixin_a_field_and_an_execute_of_its_own(
    run: tuple[AirflowInstall, str], mode: str, hook: AzureMLHook
) -> None:
    for task, index, owner in (("owned", -1, "me"), ("owned_mapped", 0, "you"), ("owned_mapped", 1, "you")):
        tags = job_of(run, mode, hook, task, index).tags
        assert (tags["team"], tags["cost"], tags["owned_by"]) == ("blue", "7", owner)
        result = run[0].xcom(f"own_{mode}", task, map_index=index)
        assert (result["team"], result["status"]) == ("blue", "Completed")
    assert run[0].xcom(f"own_{mode}", "patient")["job_name"] == run[0].xcom(f"own_{mode}", "owned")["job_name"]


@pytest.mark.parametrize("mode", MODES)
def test_hooks_and_callbacks_are_called(run: tuple[AirflowInstall, str], mode: str) -> None:
    said = [line.partition("SAID ")[2].split() for line in run[1].splitlines() if "SAID " in line]
    counts = Counter((words[0], words[1]) for words in said if len(words) > 1)
    times = len(MODES)
    for task in ("owned", "hooked", "keys", "each.made"):
        assert counts[task, "success"] == times * (2 if task == "each.made" else 1)
    assert counts["failed", "failure"] == counts["last", "failure"] == counts["refused", "skipped"] == times
    assert counts["hooked", "post"] == times
    assert counts["hooked", "pre"] >= times
    assert all(counts[task, "execute"] >= times for task in BOTH_TIMES)


@pytest.mark.parametrize("mode", MODES)
def test_results_are_pushed_as_the_task_says(run: tuple[AirflowInstall, str], mode: str) -> None:
    install, dag = run[0], f"own_{mode}"
    assert install.xcom(dag, "silent") is None
    assert install.xcom(dag, "silent", "out")["path"].endswith("/")
    whole = install.xcom(dag, "keys")
    assert {key: install.xcom(dag, "keys", key) for key in ("status", "job_name", "attempts")} == {
        key: whole[key] for key in ("status", "job_name", "attempts")
    }


@pytest.mark.parametrize("mode", MODES)
def test_functions_rows_and_groups_have_jobs_of_their_own(
    run: tuple[AirflowInstall, str], mode: str, hook: AzureMLHook
) -> None:
    assert job_of(run, mode, hook, "overridden").tags["by"] == "override"
    commands = [job_of(run, mode, hook, "override_mapped", index).raw["properties"]["command"] for index in (0, 1)]
    assert [command.split()[1] for command in commands] == ["one", "two"]
    assert job_of(run, mode, hook, "rows", 0).tags["row"] == "1"
    assert job_of(run, mode, hook, "rows", 1).raw["properties"]["displayName"] == "second"
    days = [job_of(run, mode, hook, "each.read", index).raw["properties"]["inputs"]["day"] for index in (0, 1)]
    assert [day["value"] for day in days] == ["7", "8"]
    names = {job_of(run, mode, hook, task, index).name for task in ("each.made", "each.read") for index in (0, 1)}
    assert len(names) == 4
