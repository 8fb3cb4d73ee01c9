"""Environments made for jobs with uv: from packages that the tests write themselves, so that no index is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from azureml_emulator.execution import supervisor
from tests.emulator.console.test_command_line import complains
from tests.emulator.service import Service
from tests.emulator_fixture import COMMAND, RunningEmulator, Start

BUILD_LOG = "azureml-logs/20_image_build_log.txt"


def write_wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """A package with one module of its name, which knows its version."""
    info = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{each},,\n" for each in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(path, text)


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator that makes environments, from a folder of packages."""
    folder = tmp_path_factory.mktemp("building")
    for name in ("pip", "setuptools", "wheel"):
        write_wheel(folder / "wheels", name, "99.0")
    for version in ("1.2.0", "1.2.7", "1.3.0"):
        write_wheel(folder / "wheels", "tinyone", version)
    write_wheel(folder / "wheels", "tinytwo", "2.0", requires="tinyone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_NO_INDEX", "1")
        patch.setenv("UV_FIND_LINKS", str(folder / "wheels"))
        patch.setenv("UV_CACHE_DIR", str(folder / "cache"))
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        running = RunningEmulator(folder / "state", "--environments", "build")
    yield running
    running.stop()


@pytest.fixture
def service(building: RunningEmulator) -> Service:
    return Service(building)


def environment(service: Service, name: str, conda: str) -> str:
    """Register an environment with a conda file; its id."""
    body = {"properties": {"image": "i", "condaFile": conda}}
    return str(service.put(f"environments/{name}/versions/1", body).body["id"])


def build_log(service: Service, job: str) -> str:
    """The image build log of a job, as Microsoft's client reads it."""
    return service.signed(service.details(job)["logFiles"][BUILD_LOG]).content.decode()


def test_a_conda_file_becomes_the_jobs_environment_once(service: Service, name: str) -> None:
    conda = "dependencies: [python, tinyone=1.2, no-such-package=1, openssl, {pip: [tinytwo]}]"
    identity = environment(service, name, conda)
    command = "python -c 'import tinyone, tinytwo; print(tinyone.VERSION)'; python -m pip --version"
    first = service.run(name, command, environmentId=identity)
    log = service.log(name)
    assert first["status"] == "Completed", log
    assert service.printed(name).splitlines()[0] == "1.2.7"
    assert "An environment is made from the conda file" in log
    assert "no-such-package=1: left out; PyPI has no package of that name." in log
    assert "openssl: left out" in log
    assert "made from the conda file, runs the command" in log
    assert " + tinyone==1.2.7" in build_log(service, name)
    assert " + tinyone" not in log
    second = service.run(f"{name}-2", command, environmentId=identity)
    assert second["status"] == "Completed"
    assert service.printed(f"{name}-2") == service.printed(name)
    assert "An environment is made" not in service.log(f"{name}-2")
    assert BUILD_LOG not in service.details(f"{name}-2")["logFiles"]


def test_jobs_that_need_an_environment_at_once_wait_for_one_build(
    building: RunningEmulator, service: Service, name: str
) -> None:
    identity = environment(service, name, "dependencies: [python, {pip: ['tinyone!=1.2.0']}]")
    before = set((building.state / "environments").glob("*/made.json"))
    jobs = [f"{name}-{number}" for number in range(3)]
    for job in jobs:
        assert service.submit(job, "python -c 'import tinyone'", environmentId=identity).status == 201
    assert [service.wait(job)["status"] for job in jobs] == ["Completed"] * 3
    made = [re.findall(r"The environment is made: (\S+), \S+ s\.", service.log(job)) for job in jobs]
    assert all(made[0] == each for each in made)
    assert len(set((building.state / "environments").glob("*/made.json")) - before) == 1


def test_a_dockerfile_is_followed_as_far_as_it_installs(service: Service, name: str) -> None:
    store = service.upload(f"{name}/requirements.txt", b"tinyone<1.3\n").removesuffix("requirements.txt")
    dockerfile = (
        b"FROM python:3.99\nCOPY requirements.txt /a/\nRUN apt-get install -y jq && pip install -r /a/requirements.txt"
    )
    service.upload(f"{name}/Dockerfile", dockerfile)
    body = {"properties": {"build": {"contextUri": store, "dockerfilePath": "Dockerfile"}}}
    identity = service.put(f"environments/{name}/versions/1", body).body["id"]
    job = service.run(name, "python -c 'import tinyone; print(tinyone.VERSION)'", environmentId=identity)
    assert job["status"] == "Completed", service.log(name)
    assert service.printed(name) == "1.2.7\n"
    log = service.log(name)
    assert "python==3.99.*: this machine has no such interpreter" in log
    assert "Not done here: FROM python:3.99 (but for its version of Python); RUN apt-get install -y jq" in log


def test_a_dockerfile_that_installs_nothing_makes_no_environment(service: Service, name: str) -> None:
    store = service.upload(f"{name}/Dockerfile", b"FROM ubuntu\nRUN apt-get install -y jq").removesuffix("Dockerfile")
    identity = service.put(f"environments/{name}/versions/1", {"properties": {"build": {"contextUri": store}}}).body[
        "id"
    ]
    for job in (name, f"{name}-2"):
        assert service.run(job, "python -c 'import azureml_emulator'", environmentId=identity)["status"] == "Completed"
    assert "no environment is made of it" in service.log(name)
    assert "no environment is made of it" not in service.log(f"{name}-2")


def test_an_environment_that_cannot_be_made_fails_the_job(service: Service, name: str) -> None:
    identity = environment(service, name, "dependencies: [python=3.99, {pip: ['tinyone==9.9']}]")
    job = service.run(name, "echo ran", environmentId=identity)
    error = service.details(name)["error"]["error"]
    assert job["status"] == "Failed"
    assert error["code"] == "UserError"
    assert error["message"].startswith(f"Image build failed. For more details, check log file {BUILD_LOG}.")
    assert "tinyone==9.9" in error["message"]
    assert "python==3.99.*: this machine has no such interpreter" in error["message"]
    assert "tinyone==9.9" in build_log(service, name)
    assert "tinyone==9.9" in service.log(name)
    assert "\nran" not in service.log(name)


def test_a_job_without_a_definition_runs_in_the_emulators_own_interpreter(service: Service, name: str) -> None:
    job = service.run(name, "python -c 'import azureml_emulator, tinyone'")
    assert job["status"] == "Failed"
    last = service.log(name).splitlines()[-1]
    assert "has no module tinyone. What the image has is not known here" in last
    assert "--environment 'AzureML-minimal=PYTHON'" in last


def test_a_module_that_the_definition_does_not_bring_is_told(service: Service, name: str) -> None:
    identity = environment(service, name, "dependencies: [python, {pip: [tinyone]}]")
    job = service.run(name, "python -c 'import tinytwo'", environmentId=identity)
    assert job["status"] == "Failed"
    assert "it was made from the conda file: name there the package" in service.log(name).splitlines()[-1]


def test_a_canceled_job_ends_its_build(service: Service, name: str, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    backend = f"""
import os, time
with open({str(begun)!r}, "w") as file:
    print(os.getpid(), file=file)
time.sleep(100)
"""
    store = service.upload(f"{name}/own/backend.py", backend.encode()).removesuffix("own/backend.py")
    project = b"[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    service.upload(f"{name}/own/pyproject.toml", project)
    service.upload(f"{name}/Dockerfile", b"FROM a\nCOPY own /own\nRUN pip install /own")
    body = {"properties": {"build": {"contextUri": store}}}
    identity = service.put(f"environments/{name}/versions/1", body).body["id"]
    service.submit(name, "true", environmentId=identity)
    deadline = time.monotonic() + 30
    while not (begun.exists() and begun.read_text().endswith("\n")):
        assert time.monotonic() < deadline, service.log(name)
        time.sleep(0.02)
    assert service.job(name)["status"] == "Preparing"
    service.post(f"jobs/{name}/cancel")
    assert service.wait(name)["status"] == "Canceled"
    assert int(begun.read_text()) not in supervisor.parents()


def test_the_module_that_would_help_is_told_by_an_emulator_that_makes_nothing(
    name: str, emulator: RunningEmulator
) -> None:
    service = Service(emulator)
    identity = environment(service, name, "dependencies: [python, {pip: [nowhere-to-be-had]}]")
    job = service.run(name, "python -c 'import nowhere_to_be_had'", environmentId=identity)
    assert job["status"] == "Failed"
    last = service.log(name).splitlines()[-1]
    assert "has no module nowhere_to_be_had. azureml-emulator start --environments build makes" in last


SCRIPT = b"""
import mlflow, pandas
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

x, y = load_iris(return_X_y=True, as_frame=True)
mlflow.log_metric("accuracy", LogisticRegression(max_iter=500).fit(x, y).score(x, y))
print(pandas.__version__)
"""


@pytest.mark.long
def test_a_job_with_mlflow_pandas_and_scikit_learn_on_a_new_state(start_emulator: Start, name: str) -> None:
    service = Service(start_emulator("--environments", "build"))
    conda = "dependencies: [python, pandas=2.*, scikit-learn>=1.5, pip, {pip: [mlflow, azureml-mlflow]}]"
    identity, code = environment(service, name, conda), service.code({"train.py": SCRIPT})
    for job in (name, f"{name}-2"):
        assert service.submit(job, "python train.py", environmentId=identity, codeId=code).status == 201
        assert service.wait(job, "Completed", patience=500)["status"] == "Completed", service.log(job)
        assert service.printed(job).startswith("2.")
    metrics = service.post(f"/metric/v2.0{service.ws}/runs/{name}/list", {})
    assert "accuracy" in metrics.content.decode()


def test_a_start_without_uv_says_what_to_install(tmp_path: Path) -> None:
    script = "import sys; sys.modules['uv'] = None"
    (tmp_path / "sitecustomize.py").write_text(f"{script}\nimport shutil\nshutil.which = lambda *a, **b: None\n")
    shell = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"}
    for first, rest in (("start", []), ("run", ["--", "true"])):
        words = [first, "--environments", "build", "--state", str(tmp_path / "state"), *rest]
        # In an interpreter of its own, which reads what hides uv when it begins.
        command = [sys.executable, "-m", COMMAND, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=shell)
        complains(done, 2, "--environments build", "uv", "-m pip install uv")
    assert not (tmp_path / "state").exists()
