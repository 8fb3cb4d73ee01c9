"""A model is shared with a registry once; what the registry has is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import AzureMLRegisterModelOperator, AzureMLShareModelOperator
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


def share(**keywords: Any) -> Any:
    """Run the operator."""
    return AzureMLShareModelOperator(task_id="t", **{"registry_name": "local", **keywords}).execute({})


def imports(emulator: RunningEmulator) -> int:
    """How many models were to be taken over."""
    return sum(one["method"] == "POST" and one["path"].endswith("/import") for one in emulator.journal("/import"))


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Any]:
    """A registered model."""
    (tmp_path / "model.txt").write_text("a model")
    task = AzureMLRegisterModelOperator(task_id="t", name=f"m-{uuid4().hex[:8]}", path=str(tmp_path / "model.txt"))
    found: dict[str, Any] = task.execute({})
    return found


def test_a_model_is_shared_once(made: dict[str, Any], emulator: RunningEmulator) -> None:
    name, before = made["name"], imports(emulator)
    shared = share(model=made)
    assert shared == {"id": f"azureml://registries/local/models/{name}/versions/1", "name": name, "version": "1"}
    assert share(model=f"azureml:{name}@latest") == shared
    assert imports(emulator) == before + 1, "it is there already"
    other = share(model=made["id"], name=f"{name}-prod", version="7")
    assert (other["name"], other["version"]) == (f"{name}-prod", "7")
    assert imports(emulator) == before + 2


def test_what_is_missing_is_named(made: dict[str, Any]) -> None:
    with pytest.raises(AzureMLSpecError, match="model: no-such-model:1: "):
        share(model="azureml:no-such-model:1")
    with pytest.raises(AzureMLSpecError, match="registry_name: 'elsewhere' does not exist"):
        share(model=made, registry_name="elsewhere")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": "cards"}, ["model", "'cards'", "azureml:NAME:VERSION"]),
        ({"model": "azureml:m:1", "registry_name": "a/b"}, ["registry_name", "'a/b'"]),
        ({"model": "azureml:m:1", "registry_name": None}, ["registry_name", "an empty value"]),
        ({"model": "azureml:m:1", "version": "1/2"}, ["version", "'1/2'"]),
    ],
)
def test_mistakes_name_the_field(given: dict[str, Any], words: list[str], emulator: RunningEmulator) -> None:
    before = len(emulator.journal())
    with pytest.raises(AzureMLSpecError) as caught:
        share(**given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
    assert len(emulator.journal()) == before, "nothing is sent"
