"""What crosses a process is plain: triggers round-trip through their serialised form, and no secret shows in a repr."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
from typing import Any

import pytest
from airflow.triggers.base import BaseTrigger

from airflow_azureml.triggers import AzureMLJobTrigger, AzureMLOperationTrigger
from tests.architecture.sources import modules

SECRET_WORDS = ("password", "secret", "credential", "token", "account_key", "private_key", "sas", "connection_string")
"""Words in a field's name that make its value a secret; ``_id``, ``_at`` and the like after them do not."""

HARMLESS_ENDINGS = ("_id", "_at", "_path", "_file", "_url", "_endpoint", "_audience", "_lifetime", "_type", "_expiry")


HARMLESS = {("Datastore", "credentials")}
"""Fields that are named like a secret and hold none: here, the word for the kind of credentials."""

SECRET_RECORDS = {"Secret"}
"""Records whose every text is a secret, whatever its name."""


def classes(package: str) -> list[type]:
    """Every class that the modules of a package define."""
    found = []
    for name in modules(package):
        if name.endswith("__main__"):
            continue
        members = vars(importlib.import_module(name)).values()
        found += [member for member in members if inspect.isclass(member) and member.__module__ == name]
    return found


def sample(parameter: inspect.Parameter) -> Any:
    """A plain value for a required argument of a trigger, by its annotation."""
    annotation = str(parameter.annotation)
    for word, value in (("str", f"a {parameter.name}"), ("bool", True), ("int", 3), ("float", 2.5)):
        if word in annotation:
            return value
    return {"key": "value"}


def triggers() -> list[type[BaseTrigger]]:
    """Every trigger class of ours."""
    return [cls for cls in classes("airflow_azureml") if issubclass(cls, BaseTrigger) and not inspect.isabstract(cls)]


def made(cls: type[BaseTrigger]) -> BaseTrigger:
    """A trigger with a value for each argument that it accepts."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    named = [p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    return cls(**{parameter.name: sample(parameter) for parameter in named})


def test_there_are_triggers() -> None:
    assert {cls.__name__ for cls in triggers()} >= {"AzureMLJobTrigger"}


def test_each_trigger_survives_the_way_to_the_triggerer() -> None:
    for cls in triggers():
        trigger = made(cls)
        path, arguments = trigger.serialize()
        module, _, name = path.rpartition(".")
        assert getattr(importlib.import_module(module), name) is cls
        carried = json.loads(json.dumps(arguments))
        assert carried == arguments, "only plain JSON values cross processes"
        assert cls(**carried).serialize() == (path, arguments)
        assert set(arguments) == set(inspect.signature(cls.__init__).parameters) - {"self"}


def test_an_older_triggers_arguments_are_still_taken() -> None:
    """As the first releases of both triggers wrote them down."""
    workspace = dict.fromkeys(("subscription_id", "resource_group", "workspace_name"))
    shared: dict[str, Any] = {"azureml_conn_id": "azureml_default", **workspace, "patience": 900.0}
    job: dict[str, Any] = {"job_name": "j", **shared, "poll_interval": 30.0, "deadline": None, "cancel_on_kill": True}
    assert AzureMLJobTrigger(**job).serialize()[1].items() >= job.items()
    operation: dict[str, Any] = {"url": "https://x", "header": "Location", "pause": 2.0, "step": 1, **shared}
    assert AzureMLOperationTrigger(**operation).serialize()[1].items() >= operation.items()


def secret_fields(cls: type) -> list[str]:
    """The fields of a dataclass that hold a secret: by their names, or all texts of a record that is nothing else."""
    texts = [field.name for field in dataclasses.fields(cls) if "str" in str(field.type)]
    if cls.__name__ in SECRET_RECORDS:
        return texts
    names = [name for name in texts if not name.lower().endswith(HARMLESS_ENDINGS)]
    return [
        name
        for name in names
        if any(word in name.lower() for word in SECRET_WORDS) and (cls.__name__, name) not in HARMLESS
    ]


def filled(cls: type) -> object:
    """A record whose every field holds a text, the secret ones among them; built past its own checks."""
    record: object = object.__new__(cls)
    for field in dataclasses.fields(cls):
        object.__setattr__(record, field.name, f"value-of-{field.name}")
    return record


@pytest.mark.parametrize("package", ["airflow_azureml", "azureml_emulator"])
def test_no_secret_shows_in_a_repr(package: str) -> None:
    guarded = 0
    for cls in filter(dataclasses.is_dataclass, classes(package)):
        for name in secret_fields(cls):
            guarded += 1
            shown = repr(filled(cls))
            assert f"value-of-{name}" not in shown, f"{cls.__module__}.{cls.__name__}.{name} shows in its repr"
    assert guarded, "no field of any record was recognised as a secret: is the list of words still right?"
