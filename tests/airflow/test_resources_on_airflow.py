"""Every operator and sensor of resources by ``dag.test()`` on both lines, waiting on a worker and deferred."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLNotFoundError
from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow.installs import AirflowInstall
from tests.airflow.scoring import unique

WAYS = ("here", "deferred")
TASKS = {
    *("environment", "component", "cluster", "scale", "ready", "train", "no_cluster", "instance", "stop", "start"),
    *("register", "share", "fetch", "endpoint", "deploy", "stands", "traffic", "ask", "no_endpoint"),
}
OPERATIONS = 11
"""Tasks that begin an operation: those defer, however soon it is done. Sensors find what is there already, and the job
is not waited for where it has ended by the first look, as on a busy machine."""

Ran = dict[str, tuple[AirflowInstall, str, Path, str]]


@pytest.fixture(scope="module")
def ran(install: AirflowInstall, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Both DAGs of ``resources.py``: in homes of their own, at once, as they mostly wait."""

    def run(way: str) -> tuple[AirflowInstall, str, Path, str]:
        home, name, fetched = install.beside(f"resources_{way}"), unique("r"), tmp_path_factory.mktemp("fetched")
        return home, f"{name}-{way}", fetched, home.run(f"resources_{way}", RESOURCES=name, FETCHED=str(fetched))

    with ThreadPoolExecutor() as pool:
        return dict(zip(WAYS, pool.map(run, WAYS), strict=True))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", WAYS)
def test_each_operator_of_resources_runs(ran: Ran, way: str, hook: AzureMLHook) -> None:
    install, name, fetched, log = ran[way]
    dag = f"resources_{way}"

    def result(task: str) -> Any:
        return install.xcom(dag, task)

    assert install.states(dag) == dict.fromkeys(TASKS, "success"), log[-6000:]
    assert (log.count("running trigger in line") >= OPERATIONS) == (way == "deferred")
    assert result("ask") == [7, 14]
    assert result("ready") == result("cluster") == result("scale")
    assert result("stands") == result("deploy")
    assert result("start") == result("instance")
    assert result("share")["id"] == f"azureml://registries/local/models/{name}/versions/1"
    (file,) = result("fetch")
    assert Path(file).read_text() == "7\n"
    assert Path(file).parent == fetched / way
    for task in ("environment", "component"):
        assert (result(task)["name"], result(task)["version"]) == (name, "1")
    assert f"Azure ML builds the image of environment {name}:1." in log
    for gone in (hook.get_compute, hook.get_online_endpoint):
        with pytest.raises(AzureMLNotFoundError):
            gone(name)
    assert hook.get_compute(f"{name}-i")["properties"]["properties"]["state"] == "Running"
