"""Members of enumerations and numbers of other libraries stand for plain values, through each way into a document."""

from __future__ import annotations

import numbers
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.plain_values import plain_values
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
    swapped: object = plain_values({Stage.TEST: [{"a": (Stage.TEST, Level.ONE)}]})
    assert swapped == {"test": [{"a": ["test", 1]}]}
    plain: dict[str, Any] = {"a": [1, {"b": ("c",)}], "d": None}
    assert plain_values(plain) is plain
    plain["itself"] = plain
    assert plain_values(plain) is plain


class Whole(int):
    """A whole number of a class of its own."""


class Nodes:
    """A whole number that is no int, as numpy's are."""

    def __index__(self) -> int:
        return 3


numbers.Integral.register(Nodes)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (Nodes(), 3),
        (Whole(3), 3),
        (Fraction(1, 4), 0.25),
        (Decimal("3"), 3),
        (Decimal("0.1"), 0.1),
        (Decimal("3.00"), 3.0),
        (Decimal(100).normalize(), 100),
        (Decimal("-2E+3"), -2000),
        ({"a": [Nodes(), (Decimal("0.5"),)], Nodes(): 1}, {"a": [3, [0.5]], 3: 1}),
    ],
)
def test_a_number_of_another_library_is_the_plain_one_that_it_means(given: Any, meant: Any) -> None:
    found = plain_values(given)
    assert (found, type(found)) == (meant, type(meant))


class Span:
    """What numpy registers as a whole number and is none: a span of time."""


numbers.Integral.register(Span)


@pytest.mark.parametrize(
    "given",
    [
        *(Decimal(text) for text in ("0.12345678901234567890", "NaN", "Infinity", "-Infinity", "1E+1000000000")),
        Fraction(10**400),
        complex(1, 2),
        Span(),
    ],
)
def test_a_number_that_no_int_or_float_means_stays(given: Any) -> None:
    assert plain_values(given) is given


def test_those_of_numpy_are_sent_as_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    job = {**JOB, "inputs": {"a": numpy.int64(5), "b": numpy.float32(0.5)}, "limits": {"timeout": numpy.uint8(60)}}
    properties = sent(load({**job, "resources": {"instance_count": numpy.int32(2)}}))
    assert [properties["inputs"][name]["value"] for name in "ab"] == ["5", "0.5"]
    assert (properties["limits"]["timeout"], properties["resources"]["instanceCount"]) == ("PT1M", 2)
    with pytest.raises(SpecError, match=r"inputs\.a: "):
        sent(load({**JOB, "inputs": {"a": numpy.timedelta64(5, "m")}}))


def test_true_and_false_of_numpy_are_true_and_false() -> None:
    numpy = pytest.importorskip("numpy")
    given = {"a": numpy.True_, "b": [numpy.False_], "c": numpy.array(True)}
    assert plain_values(given) == {"a": True, "b": [False], "c": True}
    assert all(type(value) is bool for value in (plain_values(given["a"]), *plain_values(given["b"])))
    several = numpy.array([True])
    assert plain_values(several) is several
    properties = sent(load({**JOB, "inputs": {"a": numpy.True_}}))
    assert properties["inputs"]["a"]["value"] == sent(load({**JOB, "inputs": {"a": True}}))["inputs"]["a"]["value"]
