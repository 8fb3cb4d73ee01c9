"""What type checkers are told of references to results."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest

from airflow_azureml import operators, sensors

TASKS = [getattr(module, name) for module in (operators, sensors) for name in module.__all__]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_a_reference_to_a_result_goes_wherever_a_value_does(task: Any) -> None:
    """Airflow 3 calls it ``XComArg``: ``compute=create.output`` would be an error to mypy and pyright."""
    assert get_type_hints(inspect.getattr_static(task, "output").fget)["return"] is Any
