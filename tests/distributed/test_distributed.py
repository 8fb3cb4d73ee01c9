"""The examples and the promises that concern more than one process, where processes share nothing but the network."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.distributed.bed import TRIGGERERS, WORKERS, DistributedAirflow, bed
from tests.distributed.servers import MissingError
from tests.examples.example_runs import DAY
from tests.examples.test_batch_examples import landing_zone
from tests.real_airflow import Service

pytestmark = pytest.mark.timeout(1800)

TUTORIAL, RETRAINING, ETL = "credit_defaults_training", "credit_defaults_retraining", "nightly_scoring"
RUN = "run"
QUEUES = "two_queues"
ADDRESSES = {name: address for name, (address, _) in WORKERS.items()}


@dataclass
class Distributed:
    """The bed, its DAG runs begun.

    :param gate: the file that the jobs of ``two_queues`` wait for.
    :param database: where the ETL chain loads its scores.
    """

    airflow: DistributedAirflow
    gate: Path
    database: Path

    @property
    def service(self) -> Service:
        """The emulator."""
        return self.airflow.service

    def job(self, task: str) -> str:
        """The status of the newest job of a task of ``two_queues``."""
        found = [one for one in self.service.made(RUN) if f"-{task}-" in one["name"]]
        return found[-1]["status"] if found else ""

    def wait_job(self, task: str, status: str, *, timeout: float = 240) -> None:
        """Wait until the newest job of a task has a status."""
        self.airflow.until(f"{status} job of {task}", lambda: self.job(task) == status, timeout=timeout)


@pytest.fixture(scope="module")
def distributed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distributed]:
    """One bed for all tests; every DAG has been begun."""
    place = tmp_path_factory.mktemp("distributed")
    dags = {"examples": REPOSITORY / "dags_examples", "distributed": Path(__file__).with_name("dags")}
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(bed("celery", dags))
        except MissingError as missing:
            pytest.skip(str(missing))
        airflow = running.airflow
        assert isinstance(airflow, DistributedAirflow)
        zone = landing_zone(airflow.service.wait())
        airflow.api("POST", "/connections", {"connection_id": "landing_zone", "conn_type": "generic", **zone})
        scores = {"connection_id": "scores_database", "conn_type": "sqlite", "host": str(place / "scores.db")}
        airflow.api("POST", "/connections", scores)
        for dag in (TUTORIAL, RETRAINING, ETL):
            airflow.trigger(dag, RUN, day=DAY)
        airflow.trigger(QUEUES, RUN, conf={"gate": str(place / "gate")})
        yield Distributed(airflow, place / "gate", place / "scores.db")


def test_each_worker_takes_the_tasks_of_its_queues(distributed: Distributed) -> None:
    airflow = distributed.airflow
    for task in ("default_worker", "second_worker"):
        airflow.wait_state(QUEUES, RUN, task, "running", timeout=600)
    for task in ("default_deferred", "second_deferred"):
        airflow.wait_state(QUEUES, RUN, task, "deferred", timeout=600)

    rows = airflow.sql("SELECT task_id, hostname FROM task_instance WHERE dag_id = ? AND run_id = ?", QUEUES, RUN)
    hosts = dict(rows)
    assert set(hosts.values()) <= set(ADDRESSES.values())
    assert {hosts["second_worker"], hosts["second_deferred"]} == {ADDRESSES["worker-2"]}


def test_the_log_of_a_deferred_task_comes_from_the_triggerer_that_has_it(distributed: Distributed) -> None:
    airflow = distributed.airflow
    airflow.wait_state(QUEUES, RUN, "default_deferred", "deferred", timeout=600)

    def shown() -> str | None:
        log = airflow.shown_log(QUEUES, RUN, "default_deferred", 1)
        return log if "line 1" in log else None

    log = airflow.until("line of the job's log", shown, timeout=300)
    assert any(f"http://{address}:" in log for address in TRIGGERERS.values())
    link = airflow.link(QUEUES, RUN, "default_deferred")
    assert link is not None
    assert "/runs/two_queues-default_deferred-" in link


def test_a_mark_reaches_the_machine_that_holds_the_task(distributed: Distributed) -> None:
    airflow = distributed.airflow
    marked = {"second_worker": "failed", "second_deferred": "success"}
    for task in marked:
        distributed.wait_job(task, "Running", timeout=600)

    for task, state in marked.items():
        airflow.mark(QUEUES, RUN, task, state)
    for task in marked:
        distributed.wait_job(task, "Canceled")

    assert {task: airflow.column("state", QUEUES, RUN, task) for task in marked} == marked
    assert {distributed.job(task) for task in ("default_worker", "default_deferred")} == {"Running"}


def test_a_clear_reaches_it_and_makes_a_new_job(distributed: Distributed) -> None:
    airflow = distributed.airflow
    airflow.clear(QUEUES, RUN, "default_worker")

    def replaced() -> bool:
        found = [one["status"] for one in distributed.service.made(RUN) if "-default_worker-" in one["name"]]
        return found == ["Canceled", "Running"]

    airflow.until("second job", replaced)
    distributed.gate.touch()
    for task in ("default_worker", "default_deferred"):
        airflow.wait_state(QUEUES, RUN, task, "success")
    # The last lines of the job's log stand in the task's own, which the worker has.
    shown = airflow.shown_log(QUEUES, RUN, "default_deferred", 1)
    assert "the-end" in shown
    assert any(f"http://{address}:" in shown for address in ADDRESSES.values())


def test_the_tutorial_runs(distributed: Distributed) -> None:
    airflow = distributed.airflow
    assert airflow.wait_run(TUTORIAL, RUN, timeout=900) == "success"
    states = airflow.states(TUTORIAL, RUN)
    assert set(states.values()) == {"success"}


def test_the_retraining_reads_its_scores(distributed: Distributed) -> None:
    airflow = distributed.airflow
    assert airflow.wait_run(RETRAINING, RUN, timeout=900) == "success"
    read = airflow.xcom(RETRAINING, RUN, "read")
    assert (read["clients"], read["files"]) == (120, ["east.csv", "north.csv", "west.csv"])


def test_the_etl_chain_loads_a_score_for_each_clean_row(distributed: Distributed) -> None:
    airflow = distributed.airflow
    assert airflow.wait_run(ETL, RUN, timeout=900) == "success"
    assert airflow.xcom(ETL, RUN, "load") == 14
    with contextlib.closing(sqlite3.connect(distributed.database)) as connection:
        assert connection.execute("SELECT count(*) FROM scores").fetchone() == (14,)
