"""Members of enumerations that are texts or numbers stand for their values, through each way into a document."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.members import without_members
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace


class Stage(str, Enum):
    """What is a text to JSON, and ``Stage.TEST`` to ``str()``."""

    TEST = "test"


class Level(IntEnum):
    """What is a number to JSON, and to ``str()`` since Python 3.11."""

    ONE = 1


class Colour(Enum):
    """What is nothing to JSON."""

    RED = "red"


JOB = {"type": "command", "command": "echo", "environment": "azureml:e:1"}


def sent(document: Any) -> Any:
    """The properties of the job that a document asks for."""
    return translate(document, Workspace("s", "g", "w")).body["properties"]


@pytest.mark.parametrize(
    "document",
    [
        load({**JOB, "inputs": {"a": Stage.TEST, "b": Level.ONE}, "environment_variables": {"V": Stage.TEST}}),
        load(JOB).merged(inputs={"a": Stage.TEST, "b": Level.ONE}, environment_variables={"V": Stage.TEST}),
        load(JOB).replaced(inputs={"a": Stage.TEST, "b": Level.ONE}, environment_variables={"V": Stage.TEST}),
        load(JOB).with_values({"inputs.a": Stage.TEST, "inputs.b": Level.ONE, "environment_variables.V": Stage.TEST}),
    ],
)
def test_a_member_is_sent_as_its_value(document: Any) -> None:
    properties = sent(document)
    assert [properties["inputs"][name]["value"] for name in "ab"] == ["test", "1"]
    assert type(properties["environmentVariables"]["V"]) is str
    assert properties["environmentVariables"] == {"V": "test"}


def test_a_member_that_is_no_value_of_yaml_is_refused() -> None:
    with pytest.raises(SpecError, match=r"inputs\.a: <Colour\.RED: 'red'> is not an input"):
        sent(load({**JOB, "inputs": {"a": Colour.RED}}))


def test_keys_and_nested_values_are_swapped_and_all_else_is_left_as_it_is() -> None:
    swapped: object = without_members({Stage.TEST: [{"a": (Stage.TEST, Level.ONE)}]})
    assert swapped == {"test": [{"a": ["test", 1]}]}
    plain: dict[str, Any] = {"a": [1, {"b": ("c",)}], "d": None}
    assert without_members(plain) is plain
    plain["itself"] = plain
    assert without_members(plain) is plain
