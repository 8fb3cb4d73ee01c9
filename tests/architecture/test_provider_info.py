"""What Airflow is told of the provider is valid, complete, and true: every name in it can be imported."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest
from airflow.providers.common.compat.sdk import BaseHook, BaseOperator, BaseOperatorLink
from airflow.triggers.base import BaseTrigger

import airflow_azureml
import azureml_emulator
from tests.architecture.sources import modules

DOTTED = re.compile(r"airflow_azureml(\.\w+)+")

LISTED_AS = {"hooks": BaseHook, "operators": BaseOperator, "sensors": BaseOperator, "triggers": BaseTrigger}
"""The key of ``provider_info`` under which modules with subclasses of a base are listed."""


@pytest.fixture(scope="module")
def info() -> dict[str, Any]:
    """What Airflow gets, by way of the installed entry point."""
    (entry,) = distribution("airflow-provider-azureml").entry_points.select(group="apache_airflow_provider")
    told: dict[str, Any] = entry.load()()
    return told


def strings(value: Any) -> Iterator[str]:
    """Every string in a nest of mappings and lists, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def resolve(name: str) -> Any:
    """The module or the object in a module that a dotted name stands for."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def test_it_is_valid(info: dict[str, Any]) -> None:
    schema = json.loads(Path(airflow.__file__).with_name("provider_info.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(info)
    assert info["package-name"] == "airflow-provider-azureml"


def test_there_is_one_version() -> None:
    version = distribution("airflow-provider-azureml").version
    assert {airflow_azureml.__version__, azureml_emulator.__version__} == {version}


def test_every_name_in_it_can_be_imported(info: dict[str, Any]) -> None:
    names = [text for text in strings(info) if DOTTED.fullmatch(text)]
    assert names
    for name in names:
        resolve(name)


def test_the_connection_type_is_the_hooks(info: dict[str, Any]) -> None:
    for entry in info["connection-types"]:
        hook = resolve(entry["hook-class-name"])
        assert (entry["connection-type"], entry["hook-name"]) == (hook.conn_type, hook.hook_name)
    assert "azureml" in {entry["connection-type"] for entry in info["connection-types"]}


@pytest.mark.parametrize(("key", "base"), LISTED_AS.items())
def test_every_module_with_public_classes_is_listed(info: dict[str, Any], key: str, base: type) -> None:
    listed = {module for entry in info[key] for module in entry["python-modules"]}
    room = f"airflow_azureml.{key}."
    there = {name for name in modules("airflow_azureml") if name.startswith(room) and _defines_public(name, base)}
    assert there
    assert there <= listed


def test_every_link_is_listed(info: dict[str, Any]) -> None:
    links = {
        f"{name}.{cls.__name__}"
        for name in modules("airflow_azureml")
        for cls in vars(importlib.import_module(name)).values()
        if inspect.isclass(cls) and issubclass(cls, BaseOperatorLink) and cls.__module__ == name
    }
    assert links
    assert links <= set(info["extra-links"])


def _defines_public(name: str, base: type) -> bool:
    """Whether a module defines a subclass of ``base`` that users are meant to name."""
    module = importlib.import_module(name)
    return any(
        inspect.isclass(value) and issubclass(value, base) and value.__module__ == name and "Base" not in value.__name__
        for key, value in vars(module).items()
        if not key.startswith("_")
    )
