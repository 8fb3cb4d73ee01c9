"""The wheel, installed into an empty environment with Airflow and without the repository, is a working provider."""

from __future__ import annotations

import json
import os
import re
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest

from tests import REPOSITORY
from tests.packaging.installs import Installed

REQUIRED = {
    "aiohttp",
    "apache-airflow",
    "apache-airflow-providers-common-compat",
    "async-timeout",
    "azure-core",
    "azure-identity",
    "azure-storage-blob",
    "pathspec",
    "pyyaml",
    "tenacity",
}

FORM = {"tenant_id", "subscription_id", "resource_group", "workspace_name", "auth", "cloud", "endpoint", "verify"}
"""Fields that the connection form must show, among others."""

SINCE = {"late_training": (3, 1), "model_promotion": (3, 1), "retrain_on_new_data": (3, 0), "train_until_good": (3, 4)}
"""Examples that have no DAG on older Airflows."""

LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
"""The target of a link within the pages, without the heading that it names."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """What the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_its_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    packages = {"airflow_azureml", "airflow_provider_azureml", "azureml_emulator"}
    assert {top for top in tops if not top.endswith(".dist-info")} == packages
    assert {"airflow_azureml/py.typed", "azureml_emulator/py.typed"} <= set(names)
    rooms = REPOSITORY / "provider"
    folders = (
        "azureml_emulator/studio/templates",
        "azureml_emulator/studio/static",
        "airflow_azureml/plugin/page/static",
    )
    loaded = {file.relative_to(rooms).as_posix() for folder in folders for file in rooms.glob(f"{folder}/*")}
    assert len(loaded) > 15
    assert "airflow_azureml/plugin/page/static/tab.js" in loaded
    assert loaded <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not any("__pycache__" in name for name in names)


def test_links_of_the_pages_lead_somewhere_in_the_wheel_and_in_the_repository(wheel: Path) -> None:
    root = "airflow_provider_azureml/"
    with zipfile.ZipFile(wheel) as archive:
        files = {name.removeprefix(root) for name in archive.namelist() if name.startswith(root)}
        pages = {name: archive.read(root + name).decode() for name in files if name.endswith(".md")}
    assert {"README.md", "docs/jobs.md"} <= set(pages)
    for page, text in pages.items():
        for link in LINK.findall(text):
            target = os.path.normpath(os.path.join(os.path.dirname(page), link))
            assert target in files, f"{page}: {link}"
            assert (REPOSITORY / target).is_file()


def test_the_wheel_requires_what_is_promised_and_nothing_else(metadata: Message) -> None:
    every = metadata.get_all("Requires-Dist") or []
    required = {line.split(">")[0].split(";")[0].strip() for line in every if "extra ==" not in line}
    assert required == REQUIRED
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata.get_all("Provides-Extra") == ["emulator", "emulator-sweep"]
    assert not any("azure-ai-ml" in line for line in every)


def test_airflow_lists_the_provider(installed: Installed, metadata: Message) -> None:
    (row,) = (
        row for row in installed.airflow("providers", "list") if row["package_name"] == "airflow-provider-azureml"
    )
    assert row["version"] == metadata["Version"]
    said = installed.run(
        "python", "-c", "import airflow_azureml as a, azureml_emulator as e; print(a.__version__, e.__version__)"
    )
    assert said.split() == [metadata["Version"]] * 2
    assert "Azure Machine Learning" in row["description"]


ANSWERS = """
import json, pathlib, runpy
from airflow import __version__ as version
from airflow.providers.common.compat.sdk import DAG
from airflow.providers_manager import ProvidersManager

known = ProvidersManager()
hook = known.hooks["azureml"]
answers = {
    "version": version,
    "hook": [hook.hook_class_name, hook.connection_id_attribute_name, hook.hook_name],
    "form": sorted(known.connection_form_widgets),
    "behaviour": known.field_behaviours["azureml"],
}

import airflow_azureml.hooks, airflow_azureml.links, airflow_azureml.operators, airflow_azureml.sensors
import airflow_azureml.triggers
import airflow_provider_azureml

answers["place"] = airflow_azureml.triggers.__file__
answers["operators"] = airflow_azureml.operators.__all__

folder = pathlib.Path(airflow_provider_azureml.__path__[0], "example_dags")
values = [value for file in sorted(folder.glob("*.py")) for value in runpy.run_path(str(file)).values()]
answers["dags"] = [value.dag_id for value in values if isinstance(value, DAG)]
answers["bundles"] = []
if not version.startswith("2."):
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    answers["bundles"] = [[one.name, str(one.path)] for one in DagBundlesManager().get_all_dag_bundles()]
print(json.dumps(answers))
"""
"""What is asked of an environment's Python, all at once: Airflow takes seconds to load."""


@pytest.fixture(scope="module")
def answers(installed: Installed) -> dict[str, Any]:
    """What an environment's Python answers."""
    said = installed.run("python", "-c", ANSWERS, AIRFLOW__CORE__LOAD_EXAMPLES="True")
    return dict(json.loads(said.splitlines()[-1]))


def test_the_connection_type_its_hook_and_its_form_are_there(answers: dict[str, Any]) -> None:
    assert answers["hook"] == ["airflow_azureml.hooks.azureml.AzureMLHook", "azureml_conn_id", "Azure Machine Learning"]
    form = answers["form"]
    assert {name.removeprefix("extra__azureml__") for name in form if name.startswith("extra__azureml__")} >= FORM
    assert "login" in answers["behaviour"]["relabeling"]


def test_the_public_names_come_from_the_wheel(installed: Installed, answers: dict[str, Any]) -> None:
    assert Path(answers["place"]).is_relative_to(installed.environment.resolve())
    assert {"AzureMLCommandJobOperator", "AzureMLJobOperator"} <= set(answers["operators"])


def test_airflow_finds_the_example_dags(installed: Installed, answers: dict[str, Any]) -> None:
    examples = {file.stem for file in (REPOSITORY / "dags_examples").glob("*.py")}
    release = tuple(int(number) for number in answers["version"].split(".")[:2])
    assert set(answers["dags"]) == {name for name in examples if SINCE.get(name, release) <= release}
    bundles = answers["bundles"]
    ours = [place for name, place in bundles if name == "airflow-provider-azureml-example-dags"]
    assert [Path(place).is_relative_to(installed.environment.resolve()) for place in ours] == [True] * bool(bundles)


@pytest.mark.parametrize("program", ["airflow-azureml", "azureml-emulator"])
def test_the_commands_answer(installed: Installed, program: str) -> None:
    assert "usage" in installed.run(program, "--help").lower()
