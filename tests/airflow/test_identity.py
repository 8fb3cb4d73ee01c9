"""What a job's name is made of, as Airflow's lines tell it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.lifecycle.naming import Iteration, identify
from airflow_azureml.task import clears
from airflow_azureml.task.identity import task_facts
from tests.airflow.instance import Instance

REGION = UUID("0199f5a2-7b11-7c3e-8a55-3f2a90c1d2e3")


def context(**more: Any) -> dict[str, Any]:
    """What a task of Airflow 3.4 is given, in a region or not."""
    ti = Instance(run_id="r")
    for name in ("region_id", "region_index"):
        if name in more:
            setattr(ti, name, more.pop(name))
    return {**ti.context(), **more}


def test_an_iteration_is_told_by_its_region() -> None:
    looped = context(loop=SimpleNamespace(index=2), region_id=REGION, region_index=5)
    assert task_facts(looped, 0).iteration == Iteration(2, str(REGION), 5)


def test_outside_of_loops_names_stay_as_they_were_before_there_were_any() -> None:
    before = identify(task_facts(context(), 0)).name(1)
    mapped_on_3_4 = context(region_id=REGION, region_index=-1)
    plain_on_3_4 = context(region_id=UUID(int=0), region_index=-1)
    assert {identify(task_facts(one, 0)).name(1) for one in (mapped_on_3_4, plain_on_3_4)} == {before}


@pytest.mark.parametrize("region", [{}, {"region_id": UUID(int=0), "region_index": 1}, {"region_id": REGION}])
def test_a_loop_whose_iterations_cannot_be_told_apart_is_refused(region: dict[str, Any]) -> None:
    with pytest.raises(AzureMLSpecError, match=r"Task Loop.*region.*iteration 1.*Nothing was submitted"):
        task_facts(context(loop=SimpleNamespace(index=1), **region), 0)


@pytest.mark.parametrize(("given", "expected"), [({}, 0), ({"task_reschedule_count": 2}, 2)])
def test_runs_of_the_same_try_are_counted(given: dict[str, int], expected: int) -> None:
    assert task_facts(context(**given), 0).reschedules == expected


TRACED = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b"}


@pytest.mark.parametrize(
    ("traces_clears", "carrier", "expected"),
    [
        (True, TRACED, "0af7651916cd43dd8448eb211c80319c"),
        (True, {}, None),
        (True, None, None),
        (True, {"traceparent": "of tomorrow"}, None),
        (False, TRACED, None),  # a line on which it may change with each try
    ],
)
def test_the_trace_is_taken_where_it_changes_with_a_clear_alone(
    monkeypatch: pytest.MonkeyPatch, traces_clears: bool, carrier: Any, expected: str | None
) -> None:
    monkeypatch.setattr(clears, "TRACES_CLEARS", traces_clears)
    given = context()
    given["ti"].context_carrier = carrier
    assert task_facts(given, 0).trace_id == expected
    assert task_facts(context(), 0).trace_id is None
