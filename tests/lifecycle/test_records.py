"""What crosses processes comes back as it went, or is refused in one clear sentence."""

from __future__ import annotations

import inspect
import json
import math
from dataclasses import FrozenInstanceError, is_dataclass
from typing import Any

import pytest

from airflow_azureml.lifecycle import records
from airflow_azureml.lifecycle.records import JobEvent, JobResult, OutputRecord
from airflow_azureml.rest.errors import RecordError

OUTPUT = OutputRecord("uri_folder", "azureml://x/", "https://x/", None)
EVENT = JobEvent("j", "finished", "Completed")
RESULT = JobResult(
    "j", "Completed", "e", "https://s", "2025-01-31T10:00:00+00:00", None, {"o": OUTPUT}, {"auc": 0.5, "nan": None}
)
SAMPLES = [OUTPUT, OutputRecord("uri_file", "p", asset_id="/a"), EVENT, JobEvent("j", "patience", None, "m"), RESULT]


def test_every_record_that_crosses_is_sampled() -> None:
    crossing = {cls for _, cls in inspect.getmembers(records, inspect.isclass) if hasattr(cls, "from_dict")}
    assert crossing == {type(sample) for sample in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES)
def test_round_trip_through_json(sample: Any) -> None:
    assert type(sample).from_dict(json.loads(json.dumps(sample.to_dict()))) == sample


def test_records_are_frozen() -> None:
    for _, cls in inspect.getmembers(records, inspect.isclass):
        if is_dataclass(cls) and cls.__module__ == records.__name__:
            with pytest.raises((FrozenInstanceError, TypeError)):
                cls.__delattr__(object.__new__(cls), "x")


@pytest.mark.parametrize("event", [None, "finished", [], 5, {}, {"job_name": "j"}])
def test_strange_events(event: Any) -> None:
    with pytest.raises(RecordError, match=r"expected .*job_name, outcome, status, message"):
        JobEvent.from_dict(event)


def test_what_a_later_release_has_added_to_an_event_is_passed_over() -> None:
    assert JobEvent.from_dict({**EVENT.to_dict(), "extra": 1}) == EVENT


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"job_name": ""}, "JobEvent.job_name is ''"),
        ({"job_name": None}, "JobEvent.job_name is None"),
        ({"outcome": "gone"}, "JobEvent.outcome is 'gone'"),
        ({"outcome": []}, r"JobEvent.outcome is \[\]"),
        ({"status": 3}, "JobEvent.status is 3"),
        ({"message": None}, "JobEvent.message is None"),
    ],
)
def test_events_with_a_wrong_value(change: dict[str, Any], named: str) -> None:
    with pytest.raises(RecordError, match=named) as caught:
        JobEvent.from_dict({**EVENT.to_dict(), **change})
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "change",
    [
        {"job_name": None},
        {"started_at": "yesterday"},
        {"ended_at": 5},
        {"outputs": None},
        {"outputs": {"o": "azureml://x"}},
        {"outputs": {"o": {"type": "t", "path": 3}}},
        {"metrics": {"m": math.nan}},
        {"metrics": {"m": "0.5"}},
        {"metrics": {"m": True}},
        {"studio_url": 1},
    ],
)
def test_results_with_a_wrong_value(change: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        JobResult.from_dict({**RESULT.to_dict(), **change})


def test_a_long_value_is_shown_in_short() -> None:
    with pytest.raises(RecordError) as caught:
        JobEvent.from_dict("x" * 10_000)
    assert len(str(caught.value)) < 300
