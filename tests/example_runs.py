"""A pytest plugin: one run of every example on the real Airflow 3.3, begun together for all files that look at them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow_harness import RealAirflow, Service


@pytest.fixture(scope="session")
def earlier(service: Service) -> set[str]:
    """Names of the jobs that were there before these runs: the examples on Airflow 2.11 may share the emulator."""
    service.wait()
    return set(service.jobs())


@pytest.fixture(scope="session")
def scores_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example of an ETL chain loads its scores."""
    return tmp_path_factory.mktemp("scores") / "scores.db"


@pytest.fixture(scope="session")
def example_runs(
    airflow: RealAirflow, scores_database: Path, earlier: set[str], request: pytest.FixtureRequest
) -> dict[str, str]:
    """The runs of the files that are among the tests to run: DAG id to run id."""
    from tests.examples import test_batch_examples, test_examples

    chosen = {item.path for item in request.session.items}
    begun: dict[str, str] = {}
    # Retraining takes longest, one task after the other.
    if Path(test_batch_examples.__file__) in chosen:
        begun |= test_batch_examples.begin(airflow, scores_database)
    if Path(test_examples.__file__) in chosen:
        begun |= test_examples.begin(airflow)
    return begun


def begin_meanwhile(request: pytest.FixtureRequest) -> None:
    """Begin these runs where tests that look at them follow: they go on while other tests wait for their own."""
    followed = {"test_batch_examples.py", "test_examples.py"} & {item.path.name for item in request.session.items}
    if followed and not request.config.getoption("--long"):
        request.getfixturevalue("example_runs")
