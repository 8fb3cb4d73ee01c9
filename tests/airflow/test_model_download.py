"""The download of a registered model: a file or a folder, whichever way the model is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from airflow_azureml.exceptions import AzureMLException, AzureMLSpecError
from airflow_azureml.operators import AzureMLDownloadModelOperator, AzureMLRegisterModelOperator
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


def register(name: str, path: Path) -> dict[str, Any]:
    """Register a model."""
    made: dict[str, Any] = AzureMLRegisterModelOperator(task_id="t", name=name, path=str(path)).execute({})
    return made


def download(model: Any, folder: Path, **keywords: Any) -> dict[str, str]:
    """Download a model: the files by their paths in the folder."""
    task = AzureMLDownloadModelOperator(task_id="t", model=model, local_path=folder, **keywords)
    files: list[str] = task.execute({})
    return {Path(file).relative_to(folder).as_posix(): Path(file).read_text() for file in files}


def test_a_folder_and_a_file_are_fetched_whichever_way_they_are_named(tmp_path: Path) -> None:
    name = f"model-{uuid4().hex[:8]}"
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "a.txt").write_text("a")
    (tmp_path / "model" / "deep" / "b.txt").write_text("b")
    made = register(name, tmp_path / "model")
    files = {"a.txt": "a", "deep/b.txt": "b"}
    for place, model in enumerate((made, made["id"], f"azureml:{name}:1", f"azureml:{name}@latest")):
        assert download(model, tmp_path / str(place)) == files
    (tmp_path / "other.txt").write_text("c")
    register(name, tmp_path / "other.txt")
    assert download(f"{name}@latest", tmp_path / "file") == {"other.txt": "c"}
    with pytest.raises(AzureMLException, match=r"other\.txt"):
        download(f"{name}@latest", tmp_path / "file")
    assert download(f"{name}@latest", tmp_path / "file", overwrite=True) == {"other.txt": "c"}


@pytest.mark.parametrize(
    "model", ["cards", "azureml:cards", "azureml://registries/r/models/m/versions/1", "azureml:a/b:1", {"x": "y"}]
)
def test_what_names_no_model_is_refused(model: Any, tmp_path: Path, emulator: RunningEmulator) -> None:
    before = len(emulator.journal())
    with pytest.raises(AzureMLSpecError, match=r"model: .*Accepted: azureml:NAME:VERSION"):
        download(model, tmp_path)
    assert len(emulator.journal()) == before, "nothing is sent"


@pytest.mark.parametrize("model", ["azureml:no-such-model:1", "azureml:no-such-model@latest"])
def test_a_model_that_is_missing_is_named(model: str, tmp_path: Path) -> None:
    with pytest.raises(AzureMLSpecError, match=rf"model: {model.removeprefix('azureml:')}: "):
        download(model, tmp_path)
