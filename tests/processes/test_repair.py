"""A pipeline that fails is repaired by Airflow's retry on a real Airflow: each step is begun as often as it must be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

RUN = "repaired"


@pytest.fixture(scope="module")
def notes(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One run of each DAG, both begun at once: where its steps note that they have begun."""
    places = {way: tmp_path_factory.mktemp(way) / "notes" for way in ("worker", "deferred")}
    for way, place in places.items():
        airflow.trigger(f"repair_{way}", RUN, conf={"notes": str(place)})
    return places


@pytest.mark.parametrize("way", ["worker", "deferred"])
def test_a_retry_runs_what_has_not_finished(airflow: RealAirflow, notes: dict[str, Path], way: str) -> None:
    dag = f"repair_{way}"
    assert airflow.wait_run(dag, RUN, timeout=300) == "success", airflow.log(dag, RUN, "work")
    assert airflow.column("try_number", dag, RUN, "work") == 2
    assert Counter(notes[way].read_text().split()) == {"first": 1, "fails": 2, "last": 1}
    pipelines = [job for job in airflow.service.made(dag) if job["type"] == "Pipeline"]
    assert [job["status"] for job in pipelines] == ["Failed", "Completed"]
    steps = Counter(job["parent"] for job in airflow.service.made(dag) if job["type"] == "Command")
    assert [steps[job["name"]] for job in pipelines] == [2, 2]
    assert "Steps taken over: first. Run again: fails, last." in airflow.log(dag, RUN, "work")
    assert set(airflow.xcom(dag, RUN, "work")["outputs"]) == {"report"}
