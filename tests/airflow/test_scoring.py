"""A model's way from training to scores, by ``dag.test()`` on both lines, waiting on a worker and deferred."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.rest import endpoints
from tests.airflow.installs import AirflowInstall
from tests.airflow.scoring import unique

TASKS = {"train", "register", "endpoint", "deploy", "score", "read", "fetch", "delete"}


WAYS = ("here", "deferred")


@pytest.fixture(scope="module")
def ran(install: AirflowInstall, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Both DAGs of ``scoring.py``: in homes of their own, at once, as they mostly wait."""

    def run(way: str) -> Ran:
        home, name, fetched = install.beside(f"scoring_{way}"), unique("ep"), tmp_path_factory.mktemp("fetched")
        return Ran(home, name, fetched, home.run(f"scoring_{way}", ENDPOINT=name, FETCHED=str(fetched)))

    with ThreadPoolExecutor() as pool:
        return dict(zip(WAYS, pool.map(run, WAYS), strict=True))


@dataclass(frozen=True)
class Ran:
    """A DAG that has run: where, with which endpoint, where to it fetched, and what it logged."""

    install: AirflowInstall
    endpoint: str
    fetched: Path
    log: str


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", WAYS)
def test_a_model_is_trained_deployed_and_scores(ran: dict[str, Ran], way: str, hook: AzureMLHook) -> None:
    run = ran[way]
    dag, install, log = f"scoring_{way}", run.install, run.log
    assert install.states(dag) == dict.fromkeys(TASKS, "success"), log[-6000:]
    assert "a.txt 7" in log
    assert "a.txt 14" in log
    result = install.xcom(dag, "score")
    assert result["experiment_name"] == f"{run.endpoint}-{way}"
    assert install.xcom(dag, "score", "score") == result["outputs"]["score"]
    model = install.xcom(dag, "register")
    assert model["path"] == install.xcom(dag, "train", "model")["path"]
    (file,) = install.xcom(dag, "fetch")
    assert Path(file) == run.fetched / way / "predictions.csv"
    assert Path(file).read_text() == "a.txt 7\na.txt 14\n"
    with hook.client() as client:
        assert client.run(endpoints.find(client.workspace, f"{run.endpoint}-{way}")) is None
