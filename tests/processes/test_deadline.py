"""The example with a deadline: a mail tells of a run that is late, from the triggerer, while its job still waits."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.mail_sink import MailSink, sinking
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

DAG, TASK, CONNECTION = "late_training", "train", "smtp_default"


@pytest.fixture
def sink(airflow: RealAirflow) -> Iterator[MailSink]:
    """A mail server that Airflow knows."""
    with sinking() as sink:
        airflow.api("POST", "/connections", {"connection_id": CONNECTION, **sink.connection()})
        try:
            yield sink
        finally:
            airflow.api("DELETE", f"/connections/{CONNECTION}")


def test_a_run_that_is_late_is_told_by_mail_and_goes_on(airflow: RealAirflow, sink: MailSink) -> None:
    run = f"run-{uuid4().hex[:8]}"
    airflow.service.fault("queue", "--scope", run)
    try:
        airflow.trigger(DAG, run)
        said = airflow.until("mail", lambda: sink.about(f"{DAG} is late"))
        assert f"Run {run} was due at 20" in said[0]
        airflow.wait_state(DAG, run, TASK, "deferred")
        assert airflow.run_state(DAG, run) == "running"
    finally:
        airflow.service.clear_faults(scope=run)
    assert airflow.wait_run(DAG, run) == "success"
    assert len(sink.mails) == 1
