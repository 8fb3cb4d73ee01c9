"""Each operator and sensor by a real scheduler, with workers and a triggerer: what is tried on each Airflow line."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from tests import REPOSITORY
from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure

RUN = "every"
DAY = date(2026, 3, 1)
FILES = REPOSITORY / "tests" / "airflow" / "dags"
"""DAGs that ``dag.test()`` runs as well, without scheduler and triggerer."""
FOLDERS = ("doubler", "scoring")
"""The code of their deployments."""
WAYS = ("here", "deferred")
DAGS = tuple(f"{file}_{way}" for file in ("resources", "scoring") for way in WAYS)
SENSORS = {"ready", "stands"}
"""What they wait for is there already, so that they need not defer."""
DEFERRING = {
    "resources_deferred": {
        *("environment", "cluster", "scale", "train", "no_cluster", "instance", "stop", "start"),
        *("endpoint", "deploy", "traffic", "no_endpoint"),
    },
    "scoring_deferred": {"endpoint", "deploy", "score", "delete"},
}


def lay(airflow: RealAirflow) -> None:
    """Lay the DAGs beside those of the session's Airflow, under names of their own, and have them read."""
    place = airflow.dags / "every_operator"
    place.mkdir()
    for folder in FOLDERS:
        shutil.copytree(FILES / folder, place / folder)
    for file in ("recording", "resources", "scoring"):
        text = (FILES / f"{file}.py").read_text(encoding="utf-8")
        # What they make is named after them: an endpoint of either kind takes the name from the other.
        (place / f"{file}.py").write_text(text.replace('"unnamed"', f'"{file}"'), encoding="utf-8")
    if airflow.major == 2:
        # Its scheduler looks for new files every five minutes.
        airflow.command("dags", "reserialize")


def deferred(airflow: RealAirflow, dag: str) -> set[str]:
    """The tasks that have deferred, by their logs: 2.11 has no event of it."""
    tasks = airflow.states(dag, RUN)
    return {task for task in tasks if "Pausing task as DEFERRED" in airflow.log(dag, RUN, task)}


class EveryOperator:
    """Tests for a file to inherit that names its Airflow ``tested_airflow``."""

    @pytest.fixture(scope="class")
    @staticmethod
    def begun(tested_airflow: RealAirflow) -> None:
        """All runs, begun at once."""
        lay(tested_airflow)
        for dag in DAGS:
            tested_airflow.trigger(dag, RUN, day=DAY if tested_airflow.major > 2 else None)

    @staticmethod
    @pytest.mark.usefixtures("begun")
    @pytest.mark.parametrize("dag", DAGS)
    def test_each_operator_ends_well_on_a_worker_and_deferred(tested_airflow: RealAirflow, dag: str) -> None:
        with told_of_failure(tested_airflow, dag, RUN):
            assert tested_airflow.wait_run(dag, RUN, timeout=480) == "success"
        states = tested_airflow.states(dag, RUN)
        assert set(states.values()) == {"success"}
        assert deferred(tested_airflow, dag) - SENSORS == DEFERRING.get(dag, set())
