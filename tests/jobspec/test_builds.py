"""What the build of an image needs and has not: told, or refused, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.assets.environments_components import translate_environment
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")
CONDA = """name: e
channels: [conda-forge]
dependencies:
- python=3.10
- pip:
  - numpy>=1.0
  - {}
"""


def job(folder: Path, environment: Any) -> tuple[str, ...]:
    document = load({"command": "echo", "environment": environment}, folder=str(folder))
    return translate(document, WS).warnings


@pytest.mark.parametrize(
    "line",
    [
        "-r requirements.txt",
        "-rrequirements.txt",
        "--requirement requirements.txt",
        "--requirement=requirements.txt",
        "-c constraints.txt",
        "--constraint constraints.txt",
        "-e .",
        "--editable=./lib",
        "--find-links ./wheels",
        ".",
        "./lib",
        "../lib[all]",
        "lib/package",
        "/opt/lib",
        "~/lib",
        "lib-1.0-py3-none-any.whl",
        "file:///opt/lib",
        "lib @ file:///opt/lib.whl",
        "'-r \"requirements.txt\"'",
    ],
)
def test_a_local_file_in_the_pip_part_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "conda.yml").write_text(CONDA.format(line))
    (warning,) = job(tmp_path, {"image": "i", "conda_file": "conda.yml"})
    assert warning.startswith(f"{tmp_path}/conda.yml:7: dependencies.1.pip.1: ")
    assert "names local files, which do not exist where Azure ML builds the image" in warning


@pytest.mark.parametrize(
    "line",
    [
        "pandas==2.0",
        "azureml-mlflow[extra]~=1.0; python_version < '3.12'",
        "--index-url https://host/simple/",
        "--extra-index-url https://host/a/b",
        "--pre",
        "-r https://host/requirements.txt",
        "-e git+https://host/repository.git#egg=x",
        "git+https://host/repository.git@main",
        "https://host/lib-1.0-py3-none-any.whl",
        "lib @ https://host/lib.zip",
        "--find-links https://host/wheels",
        "'numpy # see ./notes'",
    ],
)
def test_what_is_not_local_is_not_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "conda.yml").write_text(CONDA.format(line))
    assert not job(tmp_path, {"image": "i", "conda_file": "conda.yml"})


def test_every_place_of_an_environment(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text(CONDA.format("-r requirements.txt"))
    (tmp_path / "env.yml").write_text("image: i\nconda_file: conda.yml\n")
    (tmp_path / "c.yml").write_text("type: command\ncommand: echo\nenvironment: file:env.yml\n")
    inline = {"image": "i", "conda_file": {"dependencies": ["python", {"pip": ["-e ."]}], "channels": ["./own"]}}
    assert len(job(tmp_path, inline)) == 2
    assert len(job(tmp_path, "file:env.yml")) == 1
    for node in ({"component": "c.yml"}, {"command": "echo", "environment": "file:env.yml"}):
        pipeline = {"type": "pipeline", "compute": "azureml:c", "jobs": {"n": node}}
        assert len(translate(load(pipeline, folder=str(tmp_path)), WS).warnings) == 1
    spec = load({"name": "e", "image": "i", "conda_file": "conda.yml"}, folder=str(tmp_path), from_python=True)
    assert len(translate_environment(spec, WS).warnings) == 1


def test_values_of_a_conda_file_are_told_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text("dependencies: [python]\nvariables:\n  A: 010\n")
    (warning,) = job(tmp_path, {"image": "i", "conda_file": "conda.yml"})
    assert warning.startswith(f"{tmp_path}/conda.yml:3: variables.A: YAML reads 010 as a number of base 8")


@pytest.mark.parametrize("path", [None, "Dockerfile", "./Dockerfile", "docker/gpu.Dockerfile"])
def test_a_dockerfile_in_the_context(tmp_path: Path, path: str | None) -> None:
    (tmp_path / "ctx" / "docker").mkdir(parents=True)
    for name in ("Dockerfile", "docker/gpu.Dockerfile"):
        (tmp_path / "ctx" / name).write_text("FROM scratch\n")
    assert not job(tmp_path, {"build": {"path": "ctx", **({"dockerfile_path": path} if path else {})}})


@pytest.mark.parametrize("path", ["ctx/Dockerfile", "../Dockerfile", "dockerfile", "/ctx/Dockerfile"])
def test_a_dockerfile_that_is_not_in_the_context(tmp_path: Path, path: str) -> None:
    (tmp_path / "ctx").mkdir()
    for name in ("Dockerfile", "ctx/Dockerfile"):
        (tmp_path / name).write_text("FROM scratch\n")
    said = f'"{path}" is not among the files of the build context {tmp_path}/ctx. There is: Dockerfile.'
    given = {"build": {"path": "ctx", "dockerfile_path": path}}
    with pytest.raises(SpecError) as caught:
        job(tmp_path, given)
    assert f"environment.build.dockerfile_path: {said}" in str(caught.value)
    with pytest.raises(SpecError, match="is not among the files of the build context"):
        translate_environment(load({"name": "e", **given}, folder=str(tmp_path), from_python=True), WS)


def test_a_context_without_a_dockerfile_or_with_one_that_is_not_uploaded(tmp_path: Path) -> None:
    (tmp_path / "ctx").mkdir()
    (tmp_path / "ctx" / "main.py").write_text("")
    with pytest.raises(SpecError, match=r'environment\.build: "Dockerfile" is not among'):
        job(tmp_path, {"build": {"path": "ctx"}})
    (tmp_path / "ctx" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "ctx" / ".amlignore").write_text("Dockerfile\n")
    with pytest.raises(SpecError, match=r'environment\.build: "Dockerfile" is not among'):
        job(tmp_path, {"build": {"path": "ctx"}})
