"""What stands for a job's image: told in the first lines of its log; and images that cannot be built."""

from __future__ import annotations

import pytest

from azureml_emulator.execution.images import lacking, names_a_file
from azureml_emulator.execution.requirements import Contents
from tests.emulator.service import Service


def test_the_log_says_what_its_environment_lacks(service: Service, name: str) -> None:
    conda = "dependencies: ['nosuchconda=1', python, {pip: ['nosuchpip>=2', 'pip']}]"
    body = {"properties": {"image": "i", "condaFile": conda}}
    identity = service.put(f"environments/{name}/versions/1", body).body["id"]
    service.run(name, "echo done", environmentId=identity)
    log = service.log(name)
    assert "nosuchconda=1: not installed" in log
    assert "nosuchpip>=2: not installed" in log
    assert log.endswith("done\n")


def test_the_first_line_of_the_log_says_what_runs_the_command(service: Service, name: str) -> None:
    body = {"properties": {"image": "python:3.12"}}
    identity = service.put(f"environments/{name}/versions/1", body).body["id"]
    service.run(name, "python -c 'import sys; print(sys.version.split()[0], sys.executable)'", environmentId=identity)
    told, printed = service.log(name).splitlines()
    version, python = printed.split()
    assert told == (
        f"[azureml-emulator] The image python:3.12 is not run; Python {version} of {python} runs the command. "
        f"Another one: azureml-emulator start --environment '{name}=PYTHON'."
    )


@pytest.mark.parametrize(
    ("line", "fails"),
    [
        ("-r requirements.txt", True),
        ("-rrequirements.txt", True),
        ("--requirement=a/b.txt", True),
        ("-e .", True),
        ("./wheels/own-1.0.whl", True),
        (".[extra]", True),
        ("-c constraints.txt", True),
        ("own-1.0-py3-none-any.whl", True),
        ("-r https://example.org/requirements.txt", False),
        ("-e git+https://example.org/a.git#egg=a", False),
        ("-e /opt/in/the/image", False),
        ("--extra-index-url https://example.org/simple", False),
        ("a @ https://example.org/a-1.0.whl", False),
        ("pandas[excel]>=2 # read sheets", False),
    ],
)
def test_files_beside_a_conda_file_are_not_in_the_build(line: str, fails: bool) -> None:
    assert names_a_file(line) is fails


def test_an_image_that_cannot_be_built_fails_the_job(service: Service, name: str) -> None:
    conda = {"image": "i", "condaFile": "dependencies: [python, {pip: ['-r requirements.txt']}]"}
    store = service.upload(f"{name}/Dockerfile", b"FROM scratch").removesuffix("/Dockerfile")
    lost = {"build": {"contextUri": store, "dockerfilePath": "context/Dockerfile"}}
    found = {"build": {"contextUri": f"{store}/", "dockerfilePath": "./Dockerfile"}}
    for number, (body, reason) in enumerate(
        ((conda, "'-r requirements.txt'"), (lost, "Dockerfile named context/Dockerfile not found"), (found, ""))
    ):
        identity = service.put(f"environments/{name}/versions/{number}", {"properties": body}).body["id"]
        job = f"{name}-{number}"
        ended = service.run(job, "echo ran", environmentId=identity)
        assert ended["status"] == ("Failed" if reason else "Completed")
        assert ("ran" in service.log(job)) is not bool(reason)
        if reason:
            error = service.details(job)["error"]["error"]
            assert error["code"] == "UserError"
            assert error["message"].startswith("Image build failed. For more details, check log file azureml-logs/")
            assert reason in error["message"]
            assert "azureml-logs/20_image_build_log.txt" in service.details(job)["logFiles"]


@pytest.mark.parametrize(
    ("packages", "plugin", "hidden", "told"),
    [
        ({"mlflow-skinny": "3.13.0"}, True, False, True),
        ({"mlflow": "3.13.0", "mlflow-skinny": "3.13.0"}, True, False, True),
        ({"mlflow-skinny": "3.13.0"}, False, False, False),
        ({"mlflow-skinny": "3.13.0", "azureml_mlflow": "1.62.0.post6"}, True, False, False),
        ({"mlflow-skinny": "3.13.0", "azureml_mlflow": "1.62.0.post6"}, True, True, True),
        ({"numpy": "2.0"}, True, True, False),
    ],
)
def test_mlflow_without_its_plugin_is_told(packages: dict[str, str], plugin: bool, hidden: bool, told: bool) -> None:
    lines = lacking({}, Contents("3.11.7", packages), plugin=plugin, hidden=hidden)
    assert any("azureml-mlflow" in line for line in lines) is told
