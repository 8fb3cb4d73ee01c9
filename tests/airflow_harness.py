"""A pytest plugin: one real Airflow, one real 2.11 and one real emulator for a whole test session.

Every test takes DAG runs of its own. Tests count jobs at the emulator, not log lines.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.corpus import cases
from tests.emulator_fixture import leave_out_public_roots
from tests.one_at_a_time import one_at_a_time
from tests.real_airflow import BIN, DATABASE, PATIENT, RealAirflow, Service
from tests.statsd_listener import listening
from tests.workers import group

TIMED = re.compile(r'schedule="@\w+"')
"""The schedule of an example that is begun by the clock."""
DUE = "interval=datetime.timedelta(hours=2)"
"""The deadline of an example."""

PUBLIC = Path("jobs") / (
    "jobs--pipelines-with-components--pipeline_with_pipeline_component--pipeline_with_train_eval_pipeline_component"
    "--pipeline/src/pipeline_with_train_eval_pipeline_component"
)
"""The folder of a public pipeline of seven steps, among the golden requests."""

SETTINGS = {
    "AIRFLOW__AZUREML__POLL_INTERVAL": "1",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    # Many tests wait side by side; what they wait for takes no processor.
    "AIRFLOW__CORE__PARALLELISM": "8",
    # As it is by default: a scheduler that looks five times a second takes a seventh of a core.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    # No DAG file changes while tests run, so none need be read every half a minute, which takes a third of a core.
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
    "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "300",
    # How soon the death of a worker's supervisor or of a triggerer is noticed: 300 s and 30 s by default.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "30",
    "AIRFLOW__SCHEDULER__ZOMBIE_DETECTION_INTERVAL": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
}


def dags_folder(place: Path) -> Path:
    """Lay all examples, and the DAGs that tests bring along, into one folder; a public pipeline, too, where it is."""
    public = cases.place()[0] / PUBLIC
    if public.is_dir():
        shutil.copytree(public, place / "public")
    shutil.copytree(REPOSITORY / "dags_examples", place / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    for file in (place / "examples").glob("*.py"):
        # Each run is a test's own: the scheduler would begin others, and across midnight further ones.
        text = TIMED.sub("schedule=None", file.read_text(encoding="utf-8"))
        file.write_text(text.replace(DUE, "interval=datetime.timedelta(seconds=5)"), encoding="utf-8")
    shutil.copytree(
        REPOSITORY / "tests" / "processes" / "dags", place / "processes", ignore=shutil.ignore_patterns("__pycache__")
    )
    return place


@contextlib.contextmanager
def real_airflow(
    bin: Path, major: int, service: Service, template: Path, more: Mapping[str, str] | None = None
) -> Iterator[RealAirflow]:
    """Run an Airflow whose connection ``azureml_default`` leads to the emulator; everything is gone afterwards.

    :param more: settings beside those of all tests.
    """
    home = Path(tempfile.mkdtemp(prefix=f"airflow{major}-"))
    try:
        with listening() as metrics:
            settings = {**SETTINGS, **metrics.settings(), **(more or {})}
            airflow = RealAirflow(bin, home / "home", dags_folder(home / "dags"), major=major, settings=settings)
            airflow.service, airflow.metrics, airflow.forked = service, metrics, True
            airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = service.wait()["airflow_connection"]
            with one_at_a_time(template):
                airflow.prepare(template)
            # Many write side by side; SQLite keeps each waiting for five seconds at the most unless told otherwise.
            airflow.environment[DATABASE] += PATIENT
            try:
                airflow.start()
                yield airflow
            finally:
                airflow.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def service(forked_jobs_python: Path) -> Iterator[Service]:
    """An emulator whose jobs run where MLflow, pandas and scikit-learn are; its state is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="azureml-"))
    emulator = Service(BIN, home, forked_jobs_python)
    try:
        emulator.start()
        leave_out_public_roots(emulator.wait())
        yield emulator
    finally:
        emulator.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The folder of empty databases, ``3.db`` and ``2.db``: whoever needs one first makes it, for all workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def airflow(service: Service, databases: Path, request: pytest.FixtureRequest) -> Iterator[RealAirflow]:
    """A real Airflow 3.3 that has all examples, one for the session; it ends after the last test that needs it."""
    with real_airflow(BIN, 3, service, databases / "3.db") as running:
        request.config.stash[RUNNING]["airflow"] = running
        yield running


@pytest.fixture(scope="session")
def older_airflow(
    service: Service, databases: Path, airflow2_python: Path, request: pytest.FixtureRequest
) -> Iterator[RealAirflow]:
    """A real Airflow 2.11, likewise."""
    with real_airflow(airflow2_python.parent, 2, service, databases / "2.db") as running:
        request.config.stash[RUNNING]["older_airflow"] = running
        yield running


RUNNING = pytest.StashKey[dict[str, RealAirflow]]()
"""The Airflows of this process that were started, by their fixtures' names."""


def pytest_configure(config: pytest.Config) -> None:
    """None has been started yet."""
    config.stash[RUNNING] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start an Airflow again where this worker was given further tests that need it."""
    for fixture, airflow in item.config.stash[RUNNING].items():
        if not airflow.running and needs(fixture, item):
            airflow.start()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Stop an Airflow when no later test needs it: also one that is idle takes a good part of a processor."""
    for fixture, airflow in item.config.stash[RUNNING].items():
        if airflow.running and not any(needs(fixture, later) for later in items_after(item)):
            airflow.stop()


def needs(fixture: str, item: pytest.Item) -> bool:
    """Whether a test uses a fixture."""
    return fixture in getattr(item, "fixturenames", ())


def items_after(item: pytest.Item) -> Iterator[pytest.Item]:
    """The tests that follow one in this process: of what workers share, those of the same group."""
    every = item.session.items
    following = itertools.islice(every, every.index(item) + 1, None)
    if not hasattr(item.config, "workerinput"):
        return following
    own = group(item.nodeid)
    return (other for other in following if group(other.nodeid) == own)
