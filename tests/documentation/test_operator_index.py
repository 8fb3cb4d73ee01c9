"""The operator index has every operator, each with an example that uses it."""

from __future__ import annotations

import re

import airflow_azureml.operators
import airflow_azureml.sensors
from tests import REPOSITORY

ROW = re.compile(r"^\| `@?([\w.]+)` \| .+ \| `(\w+)` \|$", re.MULTILINE)
ROWS = ROW.findall((REPOSITORY / "docs" / "operator-index.md").read_text(encoding="utf-8"))


def test_every_operator_and_sensor_is_there_once() -> None:
    named = [name for name, _ in ROWS]
    public = {*airflow_azureml.operators.__all__, *airflow_azureml.sensors.__all__}
    assert public - set(named) == set()
    assert len(named) == len(set(named))


def test_each_example_uses_what_it_is_named_for() -> None:
    for name, dag in ROWS:
        text = (REPOSITORY / "dags_examples" / f"{dag}.py").read_text(encoding="utf-8")
        assert re.search(rf"\b{re.escape(name)}\b", text), (name, dag)
