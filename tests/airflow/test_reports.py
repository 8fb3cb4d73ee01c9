"""Scripts that report back, on both Airflow lines: XComs, the note, asset events; and reports that are wrong."""

from __future__ import annotations

import pytest

from tests.airflow.installs import AirflowInstall

pytestmark = pytest.mark.timeout(900)

WAYS = ("here", "deferred")


@pytest.fixture(scope="module")
def ran(install: AirflowInstall) -> tuple[AirflowInstall, str]:
    """The DAG, run, and what it logged."""
    home = install.beside("reports")
    return home, home.run("reports")


@pytest.mark.parametrize("way", [*WAYS, "sensed"])
def test_a_script_reports_to_its_task(ran: tuple[AirflowInstall, str], way: str) -> None:
    run, text = ran
    assert run.xcom("reports", f"report_{way}", "rows") == 3
    assert run.xcom("reports", f"report_{way}", "azureml_note") == "three rows"
    result = run.xcom("reports", f"report_{way}")
    if "out" in result["outputs"]:
        assert run.xcom("reports", f"report_{way}", "out")["type"] == "uri_folder"
        name = result["job_name"]
        assert f"What job {name} reports: xcom.out is left out: the task has another XCom of that name." in text


@pytest.mark.parametrize("way", WAYS)
def test_the_note_is_at_the_task_on_airflow_3(ran: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = ran
    assert run.note("reports", f"report_{way}") == ("three rows" if run.major == 3 else None)


@pytest.mark.parametrize("way", WAYS)
def test_events_of_outlets_say_what_the_script_said(ran: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = ran
    result = run.xcom("reports", f"report_{way}")
    events = {uri: extra for uri, extra in run.asset_events() if extra.get("job_name") == result["job_name"]}
    assert len(events) == 2
    for extra in events.values():
        assert (extra["rows"], extra["status"]) == (3, "checked")
        assert extra["studio_url"] == result["studio_url"]


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_report_is_named_and_fails_nothing(ran: tuple[AirflowInstall, str], way: str) -> None:
    run, text = ran
    assert run.states("reports")[f"broken_{way}"] == "success"
    name = run.xcom("reports", f"broken_{way}")["job_name"]
    assert f"outputs/airflow.json of job {name}: it is no JSON" in text
