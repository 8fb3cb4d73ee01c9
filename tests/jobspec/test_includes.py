"""The code of components: what is left out of it, and what additional includes bring in."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.render import render
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.local import folders
from airflow_azureml.local.folders import scan
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")
TREE = {
    "parts/train.yml": "",
    "parts/src/main.py": "m",
    "parts/src/.amlignore": "*.log\n",
    "parts/src/x.log": "x",
    "parts/src/__pycache__/main.pyc": "p",
    "shared/tool.py": "t",
    "shared/tool.log": "l",
    "shared/__pycache__/tool.pyc": "p",
    "shared/inner/.gitignore": "secret\n",
    "shared/inner/secret": "s",
    "shared/inner/fine": "f",
    "one.txt": "1",
}


def uploads(folder: Path, **component: Any) -> list[dict[str, Any]]:
    """Render a pipeline with one component in a file of its own."""
    for name, text in TREE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    spec: Mapping[str, Any] = {"type": "command", "command": "echo", "environment": "azureml:e:1", **component}
    import yaml

    (folder / "parts" / "train.yml").write_text(yaml.safe_dump(dict(spec)))
    nodes = {name: {"type": "command", "component": "./parts/train.yml"} for name in ("a", "b")}
    job = {"type": "pipeline", "compute": "azureml:c", "jobs": nodes}
    rendered = render(translate(load(job, folder=str(folder)), WS), WS)
    codes = [row for row in rendered["requests"] if "/codes/" in row["path"]]
    assert [row["body"]["properties"]["codeUri"] for row in codes] == [row["target"] for row in rendered["uploads"]]
    found: list[dict[str, Any]] = rendered["uploads"]
    return found


def test_byte_code_is_left_out_of_the_code_of_components(tmp_path: Path) -> None:
    (found,) = uploads(tmp_path, code="./src")
    assert found["files"] == [".amlignore", "main.py"]
    assert found["target"].endswith("/src")


def test_code_that_nodes_share_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("m")
    listed: list[str] = []

    def noted(path: str, component: bool) -> folders.Folder:
        listed.append(path)
        return scan(path, component)

    monkeypatch.setattr(folders, "scan", noted)
    node = {"type": "command", "command": "echo", "environment": "azureml:e:1", "code": "./src"}
    job = {"type": "pipeline", "compute": "azureml:c", "jobs": {f"n{number}": node for number in range(20)}}
    found = render(translate(load(job, folder=str(tmp_path)), WS), WS)
    assert listed == [str(tmp_path / "src")]
    assert len(found["uploads"]) == 1


def test_includes_lie_beside_the_code(tmp_path: Path) -> None:
    (found,) = uploads(tmp_path, code="./src", additional_includes=["../shared", "../one.txt"])
    wanted = [".amlignore", "main.py", "one.txt", "shared/inner/.gitignore", "shared/inner/fine", "shared/tool.py"]
    assert sorted(found["files"]) == wanted
    assert found["source"] == str(tmp_path / "parts" / "src")
    assert found["target"].endswith("/code_with_additional_includes")


def test_code_that_is_empty_by_itself_is_none_with_includes(tmp_path: Path) -> None:
    (tmp_path / "parts" / "hollow").mkdir(parents=True)
    (found,) = uploads(tmp_path, code="./hollow", additional_includes=["../one.txt"])
    assert found["files"] == ["one.txt"]


def test_includes_without_code(tmp_path: Path) -> None:
    (found,) = uploads(tmp_path, additional_includes=["../one.txt"])
    assert found["files"] == ["one.txt"]
    assert found["source"] == str(tmp_path / "parts")


def test_a_folder_as_a_zip_is_the_same_whenever_it_is_checked_out(tmp_path: Path) -> None:
    (first,) = uploads(tmp_path, code="./src", additional_includes=["../shared.zip"])
    os.utime(tmp_path / "shared" / "tool.py", (1, 1))
    (second,) = uploads(tmp_path, code="./src", additional_includes=["../shared.zip"])
    assert first["files"] == [".amlignore", "main.py", "shared.zip"]
    assert second["hash"] == first["hash"]


def test_what_a_zip_holds(tmp_path: Path) -> None:
    uploads(tmp_path)
    from airflow_azureml.local.additional_includes import merge

    folder = merge(None, [str(tmp_path / "shared.zip")], str(tmp_path))
    with zipfile.ZipFile(folder.files[0][0]) as packed:
        assert sorted(packed.namelist()) == [
            "shared/",
            *(f"shared/{name}" for name in ("inner/.gitignore", "inner/fine", "inner/secret", "tool.log", "tool.py")),
        ]
        assert packed.read("shared/tool.py") == b"t"


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ("../no-such", "there is no file or folder .*no-such to include"),
        ("../main.py", "cannot be included: .*src/main.py has the same name"),
    ],
)
def test_what_cannot_be_included(tmp_path: Path, include: str, message: str) -> None:
    (tmp_path / "main.py").write_text("")
    with pytest.raises(SpecError, match=message) as caught:
        uploads(tmp_path, code="./src", additional_includes=[include])
    assert caught.value.problems[0].path == "additional_includes"


def test_links_in_includes_are_named(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("x")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "way").symlink_to(tmp_path / "outside")
    job = {"type": "command", "component": {"type": "command", "command": "echo", "environment": "azureml:e:1"}}
    job["component"]["additional_includes"] = ["shared"]  # type: ignore[index]
    pipeline = {"type": "pipeline", "compute": "azureml:c", "jobs": {"a": job}}
    found = translate(load(pipeline, folder=str(tmp_path)), WS)
    assert any(f"shared/way -> {tmp_path}/outside" in line for line in found.warnings)
