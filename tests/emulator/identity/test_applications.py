"""Further applications of the tenant: each a scope of faults, for its requests and for the jobs that it made."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest

from azureml_emulator.console.control_client import call
from azureml_emulator.control.journal import Journal
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator


class Application(Service):
    """Requests with the tokens of an application of its own."""

    def __init__(self, emulator: RunningEmulator) -> None:
        super().__init__(emulator)
        self.id = str(call(emulator.endpoint, "POST", "/emulator/applications")["client_id"])
        changed: Mapping[str, Any] = {**emulator.endpoint, "client_id": self.id}
        self.emulator = changed  # type: ignore[assignment]


@pytest.fixture
def applications(emulator: RunningEmulator) -> tuple[Application, Application]:
    return Application(emulator), Application(emulator)


def test_a_fault_on_the_wire_meets_one_application(
    emulator: RunningEmulator, applications: tuple[Application, Application]
) -> None:
    one, other = applications
    for service in (one, other):
        assert service.get("").status == 200
    for when in ("before", "after"):
        emulator.fault("status", scope=one.id, status=503, times=1, when=when)
        assert [service.get("").status for service in (other, one, one)] == [200, 503, 200]
    emulator.fault("status", scope=other.id, route="/token$", times=1)
    fresh = Application(emulator)
    fresh.get("")
    (line,) = [line for line in emulator.faults() if "/token" in line]
    assert "came 0 times" in line


def test_a_fault_of_jobs_meets_those_of_one_application(
    emulator: RunningEmulator, applications: tuple[Application, Application], name: str
) -> None:
    one, other = applications
    emulator.fault("quota", scope=one.id)
    ends = []
    for service, suffix in ((other, "b"), (one, "a")):
        assert service.submit(f"{name}-{suffix}", "true").status == 201
        ends.append(service.wait(f"{name}-{suffix}")["status"])
        assert service.get(f"jobs/{name}-{suffix}").body["systemData"]["createdBy"] == service.id
    assert ends == ["Completed", "Failed"]


def test_the_journal_knows_who_asked(
    emulator: RunningEmulator, applications: tuple[Application, Application], name: str
) -> None:
    one, _ = applications
    one.submit(name, "true")
    one.wait(name)
    with contextlib.closing(Journal(emulator.state / "journal.sqlite")) as journal:
        callers = {entry.caller for entry in journal.entries(f"/jobs/{name}")}
        tokens = [entry.caller for entry in journal.entries("/oauth2/v2.0/token")]
    assert callers == {one.id}
    assert one.id in tokens
    assert "caller" not in emulator.journal(name)[0]


def test_an_application_that_was_not_added_is_not_found(emulator: RunningEmulator) -> None:
    service = Service(emulator)
    service.emulator = {**emulator.endpoint, "client_id": "0" * 8}  # type: ignore[assignment]
    with pytest.raises(KeyError):
        service.token("https://ml.azure.com")
