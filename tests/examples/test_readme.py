"""The DAGs of the README and of the first page run when they are pasted into a DAG folder, on both Airflow lines."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.airflow.installs import AirflowInstall
from tests.real_airflow import Service

CODE = re.compile(r"^( *)```python\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


PAGES = ("README.md", "docs/five-minutes.md")


def pasted() -> dict[str, str]:
    """The DAG files of both pages by DAG id."""
    blocks = [found for page in PAGES for found in CODE.findall((REPOSITORY / page).read_text(encoding="utf-8"))]
    codes = [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in blocks]
    return {found[1]: code for code in codes if (found := re.search(r'DAG\("(\w+)"', code))}


def test_each_page_shows_a_dag() -> None:
    assert list(pasted()) == ["squares", "hello_azureml"]


@pytest.fixture(scope="module", params=["airflow3", "airflow2"])
def install(
    request: pytest.FixtureRequest, service: Service, databases: Path, tmp_path_factory: pytest.TempPathFactory
) -> AirflowInstall:
    """An Airflow with what was pasted in its DAG folder, and one run of each DAG behind it."""
    python = Path(sys.executable) if request.param == "airflow3" else request.getfixturevalue("airflow2_python")
    home = tmp_path_factory.mktemp(request.param) / "home"
    settings = {"AIRFLOW_CONN_AZUREML_DEFAULT": service.wait()["airflow_connection"]}
    found = AirflowInstall(python, home, settings, databases / f"{request.param[-1]}.db")
    shutil.rmtree(found.dags)
    found.dags.mkdir()
    for dag, code in pasted().items():
        (found.dags / f"{dag}.py").write_text(code, encoding="utf-8")
    found.run()
    return found


def written(install: AirflowInstall, service: Service, dag: str, task: str, output: str, file: str) -> str:
    """What a job wrote to a file of an output."""
    address: str = install.xcom(dag, task)["outputs"][output]["https_url"]
    place = address.split("/", 4)[4]
    return (service.state / "storage" / place / file).read_text(encoding="utf-8")


def test_the_opening_example_hands_a_path_on(install: AirflowInstall, service: Service) -> None:
    assert set(install.states("squares").values()) == {"success"}
    assert written(install, service, "squares", "train", "model", "model.txt") == "385\n"


def test_hello_says_hello(install: AirflowInstall, service: Service) -> None:
    assert set(install.states("hello_azureml").values()) == {"success"}
    assert written(install, service, "hello_azureml", "hello", "greeting", "hello.txt") == "Hello from Azure ML\n"
