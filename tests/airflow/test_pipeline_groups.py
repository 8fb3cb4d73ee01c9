"""A pipeline's file as a group of tasks, on both lines of Airflow."""

from __future__ import annotations

import json

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow.installs import AirflowInstall

STEPS = ("group.count", "group.twice.times", "group.twice.check", "group.add", "group.total")


@pytest.fixture(scope="module", params=["airflow3", "airflow2"])
def ran(request: pytest.FixtureRequest) -> tuple[AirflowInstall, str]:
    """The DAG, run once on each line, and what it logged."""
    install: AirflowInstall = request.getfixturevalue(request.param)
    return install, install.run("steps")


def test_each_step_is_a_task_with_a_job(ran: tuple[AirflowInstall, str], hook: AzureMLHook) -> None:
    install, log = ran
    assert install.states("steps") == dict.fromkeys(("factor", "register", *STEPS, "show"), "success"), log[-6000:]
    jobs = {step: hook.get_job(install.xcom("steps", step)["job_name"]) for step in STEPS}
    kinds = {step: job.kind for step, job in jobs.items()}
    assert kinds == {**dict.fromkeys(STEPS, "Command"), "group.add": "Pipeline"}
    assert {job.experiment_name for job in jobs.values()} == {"steps"}
    assert {job.tags["team"] for job in jobs.values()} == {"risk"}


def test_steps_hand_on_what_the_pipeline_binds(ran: tuple[AirflowInstall, str]) -> None:
    install, log = ran
    assert "| 57" in log, "five words, ten times, and two more than five"
    assert "| more and more" in log, "an optional input of a pipeline in the pipeline, from the outer file's folder"
    job = install.xcom("steps", "group.count")["job_name"]
    place = install.xcom("steps", "group.count", "counts")["path"]
    assert place.endswith(f"/datastores/workspaceblobstore/paths/azureml/{job}/counts/")
    assert json.dumps(install.rendered("steps", "group.count")["job"]).count("2024-01-01") == 2
