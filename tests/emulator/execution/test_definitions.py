"""What environments are made from: conda files and Dockerfiles, read without installing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from azureml_emulator.execution.environments.build import minor_version, unknown
from azureml_emulator.execution.environments.conda import read_conda
from azureml_emulator.execution.environments.context import ContextError, context_recipe
from azureml_emulator.execution.environments.dockerfile import instructions
from azureml_emulator.execution.environments.recipes import conda_recipe, of_conda, of_context


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("numpy", "numpy"),
        ("numpy=1.21", "numpy==1.21.*"),
        ("numpy=1.21.*", "numpy==1.21.*"),
        ("numpy==1.21.2", "numpy==1.21.2"),
        ("numpy=1.21.2=py38_0", "numpy==1.21.2.*"),
        ("numpy 1.21 py27_0", "numpy==1.21"),
        ("numpy >=1.20, <2", "numpy>=1.20,<2"),
        ("numpy!=1.3", "numpy!=1.3"),
        ("numpy=1.2b1", "numpy==1.2b1"),
        ("numpy=*", "numpy"),
        ("numpy[version='>=1.2,<2']", "numpy>=1.2,<2"),
        ("conda-forge/linux-64::scikit_learn=1.5 # trees", "scikit-learn==1.5.*"),
        ("pytorch=2.1", "torch==2.1.*"),
        ("numpy=1.21|1.22", "numpy"),
    ],
)
def test_versions_of_conda_in_the_words_of_pip(text: str, line: str) -> None:
    found = read_conda({"dependencies": [text]})
    assert list(found.packages.values()) == [line]
    assert bool(found.told) is ("|" in text or "torch" in text)


def test_what_is_no_python_package_is_told_and_left_out() -> None:
    found = read_conda(
        {"dependencies": ["python=3.10", "openssl=1.1", "libgomp", "cudatoolkit=11.3", {"pip": ["a", "b>1"]}]}
    )
    assert (str(found.python), found.packages, found.pip_lines) == ("==3.10.*", {}, ["a", "b>1"])
    assert [line.partition(":")[0] for line in found.told] == ["openssl=1.1", "libgomp", "cudatoolkit=11.3"]


def test_a_release_of_python_is_as_good_as_another_of_its_line() -> None:
    python = read_conda({"dependencies": ["python=3.10.4"]}).python
    assert str(python) == "==3.10.4.*"
    assert str(minor_version(python)) == "==3.10.*"


def test_options_among_the_lines_for_pip() -> None:
    lines = [
        "--extra-index-url https://a/simple",
        "--pre",
        "--trusted-host=a",
        "--prefer-binary",
        "--target /x",
        "b; python_version>'3'",
    ]
    recipe = conda_recipe({"dependencies": [{"pip": lines}]})
    (step,) = recipe.steps
    assert step.lines == ("b; python_version>'3'",)
    assert step.arguments == (
        "--extra-index-url",
        "https://a/simple",
        "--prerelease=allow",
        "--allow-insecure-host",
        "a",
    )
    assert recipe.told == ["pip's --target: left out."]


def test_uvs_words_for_a_package_that_no_index_has() -> None:
    said = "error: No solution found\n  cause: Because no-such\nwas not found in the package registry and you require"
    assert unknown({"a": "a", "no_such=1": "no-such==1.*"}, said) == "no_such=1"
    assert unknown({"a": "a"}, said) is None
    assert unknown({"a": "a"}, "Because only a<=1 is available") is None


DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG LINE=3.10
FROM python:${LINE}-slim
WORKDIR /app
COPY requirements.txt conda.yml ./
COPY --chown=1 lib/ lib/
RUN apt-get update && \\
    # a comment between
    apt-get install -y gcc && rm -rf /var/lib/apt
RUN --mount=type=cache,target=/c pip install --no-cache-dir -r requirements.txt "pandas>=2" >/dev/null 2>&1
RUN ["python", "-m", "pip", "install", "listed"]
RUN cd lib && A=1 /opt/conda/bin/pip3 install -e .[x]
RUN conda env create -f conda.yml -q
RUN <<END
pip install inside
END
CMD ["python"]
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "pyproject.toml").touch()
    (folder / "requirements.txt").write_text("a\n")
    (folder / "conda.yml").write_text("dependencies: [python=3.11, numpy=1.2, {pip: [b]}]")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def test_installations_of_a_dockerfile(context: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    recipe = context_recipe(of_context(context, "Dockerfile"), root)
    assert [(step.arguments, step.lines, dict(step.by_name)) for step in recipe.steps] == [
        (("--requirements", f"{root}/app/requirements.txt", "pandas>=2"), (), {}),
        (("listed",), (), {}),
        (("--editable", f"{root}/app/lib[x]"), (), {}),
        ((), ("b",), {"numpy=1.2": "numpy==1.2.*"}),
        (("inside",), (), {}),
    ]
    assert str(recipe.python) == "==3.11.*"
    assert (root / "app" / "requirements.txt").read_text() == "a\n"
    (told,) = recipe.told
    for left_out in ("FROM python:3.10-slim", "RUN apt-get update; apt-get install -y gcc", "CMD"):
        assert left_out in told
    assert "pip" not in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM x\nCOPY nowhere.txt .", '"nowhere.txt" not found'),
        ("FROM x\nCOPY ../../secret .", "not found"),
        ("FROM x\nRUN pip install -r requirements.txt", "copied no such file"),
        ("FROM x\nRUN conda env update --file=conda.yml", "conda.yml is not a conda file"),
    ],
)
def test_a_dockerfile_that_could_not_be_built(text: str, reason: str, context: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    (context / "Dockerfile").write_text(text)
    with pytest.raises(ContextError, match=reason):
        context_recipe(of_context(context, "Dockerfile"), tmp_path / "root")


def test_instructions_are_read_as_docker_does() -> None:
    found = list(instructions("from a\nRUN one \\\n\n  # no\n  two\n# RUN never\nEXPOSE 80"))
    assert [str(row) for row in found] == ["FROM a", "RUN one two", "EXPOSE 80"]


def test_equal_definitions_have_one_key(context: Path) -> None:
    first = {"name": "a", "channels": ["x"], "dependencies": ["numpy"]}
    assert of_conda(first).key == of_conda({"dependencies": ["numpy"]}).key
    assert of_conda(first).key != of_conda({"dependencies": ["pandas"]}).key
    key = of_context(context, "Dockerfile").key
    assert key == of_context(context, "Dockerfile").key
    (context / "requirements.txt").write_text("b\n")
    assert key != of_context(context, "Dockerfile").key
