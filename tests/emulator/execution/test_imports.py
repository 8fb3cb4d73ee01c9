"""Packages that a job's code uses although its environment does not ask for them are told at the end of its log."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from azureml_emulator.execution.imports import is_all, lacks_plugin, undeclared_packages
from azureml_emulator.execution.requirements import Contents
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator

CONTENTS = Contents(
    "3.11.7",
    packages={"mlflow-skinny": "3.13.0", "PyYAML": "6.0", "pandas": "3.1", "numpy": "2.4", "scikit-learn": "1.9"},
    requires={
        "mlflow-skinny": ["pyyaml<7", "pandas; extra == 'extras'"],
        "pandas": ["numpy>=1.26"],
        "scikit-learn": ["numpy", "absent; python_version < '3'"],
    },
    modules={
        "mlflow": ["mlflow-skinny"],
        "yaml": ["PyYAML"],
        "pandas": ["pandas"],
        "numpy": ["numpy"],
        "sklearn": ["scikit-learn"],
    },
)


@pytest.mark.parametrize(
    ("asked", "imported", "told"),
    [
        (["pandas"], ["pandas", "numpy", "os", "json"], []),
        (["scikit-learn"], ["sklearn", "pandas"], ["pandas 3.1"]),
        (["mlflow"], ["mlflow", "yaml"], []),
        (["mlflow-skinny"], ["mlflow", "pandas", "numpy"], ["numpy 2.4", "pandas 3.1"]),
        (["mlflow-skinny[extras]>=3"], ["mlflow", "pandas", "numpy"], []),
        ([], ["yaml", "helpers", "package", "nowhere"], ["pyyaml 6.0"]),
    ],
)
@pytest.mark.parametrize("by_pip", [True, False])
def test_what_is_not_asked_for(
    asked: list[str], imported: list[str], told: list[str], by_pip: bool, tmp_path: Path
) -> None:
    (tmp_path / "helpers.py").touch()
    (tmp_path / "package").mkdir()
    rows = ["python=3.11", {"pip": asked}] if by_pip else ["python=3.11", *asked]
    assert undeclared_packages({"dependencies": rows}, CONTENTS, imported, tmp_path) == told


def test_nothing_is_said_where_nothing_is_known(tmp_path: Path) -> None:
    by_another_name = {"dependencies": ["python", "pytorch"]}
    assert undeclared_packages(by_another_name, CONTENTS, ["pandas"], tmp_path) == []
    conda = {"dependencies": ["python"]}
    assert not is_all({}, "python a.py")
    assert not is_all(conda, "pip install -r requirements.txt && python a.py")
    assert is_all(conda, "python a.py --install")


@pytest.mark.parametrize(
    ("asked", "lacks"),
    [
        (["mlflow-skinny"], True),
        (["mlflow>=3"], True),
        (["mlflow-skinny", "azureml-mlflow>=1.62"], False),
        (["brings-it"], False),
        (["mlflow-skinny", "not-here"], False),
        (["mlflow-skinny", "-e git+https://example.org/a.git"], False),
        (["--extra-index-url https://example.org/simple", "mlflow-skinny"], True),
    ],
)
def test_whether_an_image_would_lack_the_plugin(asked: list[str], lacks: bool) -> None:
    packages = {**CONTENTS.packages, "azureml_mlflow": "1.62.0.post6", "brings-it": "1"}
    contents = replace(CONTENTS, packages=packages, requires={**CONTENTS.requires, "brings-it": ["azureml-mlflow"]})
    assert lacks_plugin({"dependencies": ["python=3.11", "pip", {"pip": asked}]}, contents) is lacks


@pytest.mark.parametrize(("packages", "status"), [("mlflow-skinny", "Failed"), ("mlflow, azureml-mlflow", "Completed")])
def test_an_environment_without_the_plugin_has_none_whatever_the_interpreter_has(
    emulator: RunningEmulator, jobs_python: Path, packages: str, status: str
) -> None:
    service, name = Service(emulator), f"job-{uuid.uuid4().hex[:12]}"
    body = {"properties": {"image": "i", "condaFile": f"dependencies: [python, pip, {{pip: [{packages}]}}]"}}
    identity = service.put(f"environments/{name}/versions/1", body).body["id"]
    job = service.run(name, "python -c 'import mlflow; mlflow.log_metric(\"a\", 1)'", environmentId=identity)
    assert job["status"] == status, service.log(name)
    fails = status == "Failed"
    assert ("UnsupportedModelRegistryStoreURIException" in service.log(name)) is fails
    assert ("the environment does not ask for it" in service.log(name)) is fails


def test_a_job_is_told_what_its_image_would_lack(emulator: RunningEmulator, jobs_python: Path) -> None:
    service, name = Service(emulator), f"job-{uuid.uuid4().hex[:12]}"
    conda = "dependencies: [python, pip, {pip: [scikit-learn]}]"
    body = {"properties": {"image": "i", "condaFile": conda}}
    identity = service.put(f"environments/{name}/versions/1", body).body["id"]
    code = service.code({"main.py": b"import numpy, helpers\nprint('ran')\n", "lib/helpers.py": b"import yaml, json\n"})
    variables = {"PYTHONPATH": "lib"}
    job = service.run(
        name, "python main.py; exit $?", codeId=code, environmentId=identity, environmentVariables=variables
    )
    assert job["status"] == "Completed", service.log(name)
    assert service.printed(name) == "ran\n"
    told = service.log(name).splitlines()[-1]
    assert told.startswith("[azureml-emulator] The code imports pyyaml 6")
    assert "numpy" not in told
