"""Each operator and sensor by the scheduler of Airflow 2.11, waiting on a worker and deferred."""

from __future__ import annotations

import pytest

from tests.processes.every_operator import RUN, EveryOperator
from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]

EXAMPLES = ("building_blocks", "cancel_a_job", "client_groups", "credit_defaults_sensor", "job_from_yaml")
"""What the operators of jobs and batch endpoints do that the DAGs below do not: among it cancel, wait, map, delete."""
SKIPPED = {"cancel_a_job": {"wait": "skipped"}}


@pytest.fixture(scope="module")
def tested_airflow(older_airflow: RealAirflow) -> RealAirflow:
    """The session's Airflow 2.11."""
    return older_airflow


class TestEveryOperator(EveryOperator):
    """What holds on each line."""


@pytest.fixture(scope="module")
def begun_examples(older_airflow: RealAirflow) -> None:
    """Examples with what the other DAGs leave out, begun at once; on 3.3 they have tests of their own."""
    for dag in EXAMPLES:
        older_airflow.trigger(dag, RUN)


@pytest.mark.usefixtures("begun_examples")
@pytest.mark.parametrize("dag", EXAMPLES)
def test_an_example_ends_well(older_airflow: RealAirflow, dag: str) -> None:
    with told_of_failure(older_airflow, dag, RUN):
        assert older_airflow.wait_run(dag, RUN, timeout=480) == "success"
    states = older_airflow.states(dag, RUN)
    assert {task: one for task, one in states.items() if one != "success"} == SKIPPED.get(dag, {})
