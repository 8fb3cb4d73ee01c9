"""Looking through values that are to be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_azureml.rest.json_values import place_of_half, place_of_no_number


@pytest.mark.parametrize(("look", "meant"), [(place_of_half, "\ud800"), (place_of_no_number, float("nan"))])
def test_a_value_that_contains_itself_is_looked_through_once(look: Callable[[object], Any], meant: object) -> None:
    """What is behind it is found all the same, and one that is there twice is no circle."""
    mapping: dict[str, Any] = {"plain": [1, "text"]}
    mapping["itself"] = [mapping, (mapping,)]
    assert look(mapping) is None
    mapping["last"] = {"a": meant}
    assert look(mapping) == ("last", "a")
    shared = [meant]
    assert look([{"a": shared}, shared]) == (0, "a", 0)
