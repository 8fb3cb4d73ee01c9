"""Scoring scripts are looked at before anything is sent: they are there, they are uploaded, some Python parses them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from airflow_azureml.jobspec.batch.deployments import Deployment, translate_deployment
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("sub", "group", "ws")


def deploy(folder: Path, script: str, name: str = "score.py", *, code: str = "./src", ignored: str = "") -> Deployment:
    """Translate a deployment with a script in a folder of its own."""
    file = folder / "src" / "inner" / "score.py" if name.startswith("inner") else folder / "src" / "score.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script)
    (folder / "src" / "other.txt").write_text("x")
    (folder / "src" / ".amlignore").write_text(ignored)
    given = {"name": "one", "endpoint_name": "scores", "model": "azureml:m:1", "compute": "azureml:c"}
    return translate_deployment(
        load({**given, "code_configuration": {"code": code, "scoring_script": name}}, folder=str(folder)), WS
    )


GOOD = "def init():\n    pass\n\n\ndef run(batch):\n    return batch\n"


@pytest.mark.parametrize("name", ["score.py", "./score.py", "inner/score.py", "inner//../inner/score.py"])
def test_a_script_that_is_there_is_taken(tmp_path: Path, name: str) -> None:
    assert deploy(tmp_path, GOOD, name).warnings == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("src/score.py", ['"src/score.py"', 'Did you mean "score.py"']),
        ("scor.py", ['Did you mean "score.py"']),
        ("../score.py", ["outside of the code"]),
        ("/score.py", ["outside of the code"]),
        (".", ["there is no file"]),
    ],
)
def test_a_script_that_is_missing_is_refused(tmp_path: Path, name: str, words: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        deploy(tmp_path, GOOD, name)
    assert "code_configuration.scoring_script" in str(caught.value)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_script_that_is_ignored_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"an ignore file of .*src leaves it out"):
        deploy(tmp_path, GOOD, ignored="*.py\n")


@pytest.mark.parametrize(
    "script",
    ["def init(:\n", "def run(batch):\nreturn 1\n", "print 'x'\n", "x = (\n", "x = 'a\n", "a\0b", "x = 1\n  y = 2\n"],
)
def test_what_no_python_parses_is_refused(tmp_path: Path, script: str) -> None:
    with pytest.raises(SpecError, match="Python cannot parse the script"):
        deploy(tmp_path, script)


LATER = {
    (3, 11): ["try:\n    pass\nexcept* ValueError:\n    pass\n", "x = y[*z]\n", "x = y[a, *z]\n"],
    (3, 12): [
        "type X = int\n",
        "def f[T](x: T) -> T:\n    return x\n",
        'x = f"{d["a"]}"\n',
        'x = f"{chr(10) + "\\n"}"\n',
    ],
    (3, 13): ["class A[T = int]:\n    pass\n"],
    (3, 14): ['x = t"{y}"\n', "try:\n    pass\nexcept A, B:\n    pass\n"],
    (3, 15): ["lazy import os\n", "x = [*y for y in z]\n"],
}


@pytest.mark.parametrize(("version", "script"), [(version, one) for version, rows in LATER.items() for one in rows])
def test_a_script_for_a_later_python_is_warned_of(tmp_path: Path, version: tuple[int, int], script: str) -> None:
    warnings = deploy(tmp_path, GOOD + script).warnings
    if sys.version_info[:2] >= version:
        assert warnings == ()
    else:
        assert f"new in Python {version[0]}.{version[1]}" in warnings[0].replace("3.12", f"{version[0]}.{version[1]}")


def test_warnings_of_python_itself_do_no_harm(tmp_path: Path) -> None:
    assert deploy(tmp_path, GOOD + "x = '\\d'\ny = 1 is 1\n").warnings == ()
    assert deploy(tmp_path, "# -*- coding: latin-1 -*-\nx = 1\n").warnings == ()


def test_registered_code_is_not_looked_at(tmp_path: Path) -> None:
    code = f"azureml:{WS.path}/codes/c/versions/1"
    assert deploy(tmp_path, "def (:\n", "anything.py", code=code).warnings == ()
