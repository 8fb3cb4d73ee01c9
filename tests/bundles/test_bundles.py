"""Git bundles on a real Airflow: the branch moves on while tasks are deferred, and a retry submits once more."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from tests.bundles.conftest import NEWEST, SPARSE, VERSIONED, Ground

pytestmark = [pytest.mark.timeout(1800), pytest.mark.long]

URL, BRANCH, COMMIT = (f"mlflow.source.git.{name}" for name in ("repoURL", "branch", "commit"))


def said(ground: Ground, run: str, name: str, task: str) -> str:
    """What a task's job wrote into its output."""
    result = ground.airflow.xcom(name, run, task)
    with tempfile.TemporaryDirectory() as folder:
        (file,) = AzureMLHook().download_output(result["job_name"], "found", folder)
        return Path(file).read_text()


def test_a_retry_submits_the_run_s_own_version_though_the_branch_has_moved_on(ground: Ground) -> None:
    airflow, name, first = ground.airflow, VERSIONED, ground.commits[VERSIONED]
    gates = ground.gates_of(name, "old")
    ground.begin(name, "old")
    for task in ("command", "file", "outside"):
        airflow.wait_state(name, "old", task, "deferred")
    ground.move_on(name, "two")
    airflow.until("DAG of version two", lambda: ground.known(name, "two"))
    (gates / "go").touch()
    assert airflow.wait_run(name, "old") == "success"

    ground.begin(name, "new")
    for gate in ("go", "good"):
        (ground.gates_of(name, "new") / gate).touch()
    assert airflow.wait_run(name, "new") == "success"

    for task in ("command", "file", "outside"):
        jobs = ground.jobs(name, task)
        url = str(ground.repositories[name].folder)
        found = [ground.properties(job) for job in jobs]
        old, new = ({URL: url, BRANCH: "trunk", COMMIT: commit} for commit in (first, ground.commits["two"]))
        assert found == [old, old, new], task
        assert said(ground, "old", name, task) == "one one", task
        assert said(ground, "new", name, task) == "two two", task
    assert [AzureMLHook().get_job(job).tags["version"] for job in ground.jobs(name, "file")][:3] == [
        "one",
        "one",
        "two",
    ]
    assert "is not the local code" not in airflow.log(name, "old", "*")


def test_a_retry_without_versions_says_that_its_code_is_other_code(ground: Ground) -> None:
    airflow, name = ground.airflow, NEWEST
    gates = ground.gates_of(name, "run")
    ground.begin(name, "run")
    airflow.wait_state(name, "run", "command", "deferred")
    first = ground.jobs(name, "command")[0]
    ground.move_on(name, "three")
    airflow.until("DAG of version three", lambda: ground.airflow.column("state", name, "run", "command") == "deferred")
    (gates / "go").touch()
    airflow.wait_run(name, "run")
    assert f"This is not the local code of the task's first job {first}" in airflow.log(name, "run", "command")
    commits = [ground.properties(job)[COMMIT] for job in ground.jobs(name, "command")]
    assert commits == [ground.commits[name], ground.commits["three"]]
    assert said(ground, "run", name, "command").startswith("three")


def test_code_that_a_bundle_leaves_out_is_named_with_the_reason(ground: Ground) -> None:
    airflow, name = ground.airflow, SPARSE
    ground.begin(name, "run")
    for gate in ("go", "good"):
        (ground.gates_of(name, "run") / gate).touch()
    assert airflow.wait_run(name, "run") == "failed"
    assert airflow.states(name, "run") == {"command": "success", "file": "success", "outside": "failed"}
    log = airflow.log(name, "run", "outside")
    assert "The DAG bundle has checked out only pipelines of its repository (sparse_dirs)." in log
    assert airflow.column("try_number", name, "run", "outside") == 1
    assert ground.properties(ground.jobs(name, "command")[0])[COMMIT] == ground.commits[name]


def test_a_task_whose_dag_file_changes_while_it_is_deferred_keeps_its_job(ground: Ground) -> None:
    """A folder has no versions: the task comes back to another operator than it was deferred by."""
    airflow, dag, task = ground.airflow, "upgraded", "work"
    file = ground.folder() / "upgraded.py"
    ground.begin(dag, "run")
    airflow.wait_state(dag, "run", task, "deferred")
    (job,) = ground.jobs(dag, task)
    text = file.read_text().replace("AzureMLCommandJobOperator(", "AzureMLJobOperator(", 1)
    file.write_text(text.replace("**OLD", "**NEW"))
    (ground.gates_of(dag, "run") / "go").touch()
    assert airflow.wait_run(dag, "run") == "success"
    assert ground.jobs(dag, task) == [job]
    assert airflow.xcom(dag, "run", task)["job_name"] == job
    assert "found" in airflow.xcom(dag, "run", task)["outputs"], "the outputs are those of the job that ran"
