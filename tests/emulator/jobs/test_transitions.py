"""What changes its state with time: the three clocks, and changing them while the emulator runs."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from azureml_emulator.core import operations
from azureml_emulator.core.operations import DELETING, ManagedRecords, Record
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import COMPUTES, JOBS, KINDS, ClockError, Transitions
from tests.emulator.service import TERMINAL, Service
from tests.emulator_fixture import RunningEmulator

Control = Callable[..., requests.Response]
Wait = Callable[[float], None]
"""Lets seconds pass, by the clock of operations."""

NEVER = {"clock": "time", "seconds": 3600}
NOW = {"clock": "immediate"}


def state(record: Record | None) -> Any:
    """The state of a record that is there."""
    assert record is not None
    return record["state"]


@pytest.fixture
def transitions() -> Transitions:
    """The clocks of a start at which everything lasts."""
    return Transitions(3600, 3600)


@pytest.fixture
def records(tmp_path: Path, transitions: Transitions) -> Iterator[ManagedRecords]:
    """Records of computes."""
    store = Store(tmp_path / "state.sqlite")
    yield ManagedRecords(store, transitions, "compute", COMPUTES)
    store.close()


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Time stands still but for this."""
    moments = [operations.now()]
    monkeypatch.setattr(operations, "now", lambda: moments[-1])
    return lambda seconds: moments.append(moments[-1] + timedelta(seconds=seconds))


class TestOperations:
    def test_an_immediate_one_is_over_at_the_first_read(
        self, records: ManagedRecords, transitions: Transitions
    ) -> None:
        transitions.set(COMPUTES, NOW)
        record: Record = {"name": "c"}
        operation = records.begin("C", record, "Creating")
        assert record["state"] == "Creating"
        assert state(records.get("c")) == "Succeeded"
        found = records.operation(operation)
        assert found is not None
        assert (found.status, found.over) == ("Succeeded", True)

    def test_one_by_looks_counts_those_of_clients_only(self, records: ManagedRecords, transitions: Transitions) -> None:
        transitions.set(COMPUTES, {"clock": "looks", "looks": 3})
        operation = records.begin("c", {"name": "c"}, "Updating")
        assert [state(records.get("c")) for _ in range(5)] == ["Updating"] * 5
        assert state(records.get("c", look=True)) == "Updating"
        found = records.operation(operation)
        assert found is not None
        assert found.status == "Updating"
        assert state(records.get("c", look=True)) == "Succeeded"

    def test_one_by_time_is_over_after_its_seconds(
        self, records: ManagedRecords, transitions: Transitions, wait: Wait
    ) -> None:
        transitions.set(COMPUTES, {"clock": "time", "seconds": 20})
        records.begin("c", {"name": "c"}, "Creating")
        wait(19)
        assert state(records.get("c")) == "Creating"
        wait(1)
        assert state(records.get("c")) == "Succeeded"

    def test_what_is_under_way_goes_by_the_new_clock(self, records: ManagedRecords, transitions: Transitions) -> None:
        records.begin("c", {"name": "c"}, DELETING)
        assert state(records.get("c")) == DELETING
        transitions.set(COMPUTES, NOW)
        assert records.get("c") is None

    def test_what_is_over_stays_over(self, records: ManagedRecords, transitions: Transitions) -> None:
        transitions.set(COMPUTES, NOW)
        operation = records.begin("c", {"name": "c"}, "Creating")
        assert state(records.get("c")) == "Succeeded"
        transitions.reset()
        found = records.operation(operation)
        assert found is not None
        assert found.over

    def test_one_that_takes_longer_does_so_by_every_clock(
        self, records: ManagedRecords, transitions: Transitions, wait: Wait
    ) -> None:
        transitions.set(COMPUTES, NOW)
        records.begin("c", {"name": "c"}, "Creating", longer=20)
        wait(19)
        assert state(records.get("c")) == "Creating"
        wait(1)
        assert state(records.get("c")) == "Succeeded"

    def test_one_that_fails_deletes_nothing(self, records: ManagedRecords, transitions: Transitions) -> None:
        transitions.set(COMPUTES, NOW)
        operation = records.begin("c", {"name": "c"}, DELETING, fails=True)
        assert state(records.get("c")) == "Failed"
        found = records.operation(operation)
        assert found is not None
        assert found.status == "Failed"

    def test_it_goes_on_after_a_restart(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "other.sqlite")
        operation = ManagedRecords(store, Transitions(pause=3600), "compute", COMPUTES).begin("c", {}, "Creating")
        store.close()
        again = ManagedRecords(Store(tmp_path / "other.sqlite"), Transitions(pause=0), "compute", COMPUTES)
        found = again.operation(operation)
        assert found is not None
        assert found.over


class TestStays:
    def test_the_time_of_a_stay_is_its_share(self) -> None:
        ends: dict[float, float] = {}

        async def stays(*shares: float) -> None:
            transitions, began = Transitions(pace=0.4), time.monotonic()

            async def stay(share: float) -> None:
                await transitions.stay(JOBS, f"j{share}", share)
                ends[share] = time.monotonic() - began

            await asyncio.gather(*map(stay, shares))

        asyncio.run(stays(1.0, 0.5))
        assert list(ends) == [0.5, 1.0]
        assert ends[0.5] >= 0.2
        assert ends[1.0] >= 0.4

    def test_a_stay_by_looks_ends_with_the_last_one(self) -> None:
        async def after(looks: int) -> bool:
            transitions = Transitions()
            transitions.set(JOBS, {"clock": "looks", "looks": 2})
            stay = asyncio.create_task(transitions.stay(JOBS, "j"))
            await asyncio.sleep(0)
            for _ in range(looks):
                transitions.look(JOBS, "j")
                transitions.look(JOBS, "another")
                await asyncio.sleep(0.01)
            done = stay.done()
            stay.cancel()
            return done

        assert [asyncio.run(after(looks)) for looks in (0, 1, 2)] == [False, False, True]

    @pytest.mark.parametrize("clock", [NOW, {"clock": "looks", "looks": 0}, {"clock": "time", "seconds": 0}])
    def test_a_stay_goes_by_the_new_clock(self, clock: dict[str, Any], transitions: Transitions) -> None:
        async def released() -> None:
            stay = asyncio.create_task(transitions.stay(JOBS, "j"))
            await asyncio.sleep(0.01)
            assert not stay.done()
            transitions.set(JOBS, clock)
            await asyncio.wait_for(stay, 5)

        asyncio.run(released())

    def test_a_release_ends_all_of_them(self, transitions: Transitions) -> None:
        async def released() -> None:
            stays = [asyncio.create_task(transitions.stay(JOBS, name)) for name in ("a", "b")]
            await asyncio.sleep(0.01)
            transitions.release()
            await asyncio.wait_for(asyncio.gather(*stays), 5)

        asyncio.run(released())


@pytest.mark.parametrize(
    ("kind", "wanted", "word"),
    [
        ("job", NOW, "jobs, computes, endpoints, deployments"),
        (JOBS, {}, "immediate, looks, time"),
        (JOBS, {"clock": "soon"}, "'soon'"),
        (JOBS, {"clock": ["time"]}, "['time']"),
        (JOBS, {"clock": "immediate", "seconds": 1}, "'seconds'"),
        (JOBS, {"clock": "looks", "looks": 1.5}, "looks: 1.5"),
        (JOBS, {"clock": "looks", "looks": True}, "looks: True"),
        (JOBS, {"clock": "time"}, "seconds: None"),
        (JOBS, {"clock": "time", "seconds": -1}, "seconds: -1"),
        (JOBS, {"clock": "time", "seconds": 1, "looks": 1}, "'looks'"),
    ],
)
def test_a_clock_that_cannot_be(kind: str, wanted: dict[str, Any], word: str, transitions: Transitions) -> None:
    with pytest.raises(ClockError) as caught:
        transitions.set(kind, wanted)
    assert word in str(caught.value)
    assert transitions.list()[0] == {"kind": JOBS, "clock": "time", "seconds": 3600}


@pytest.fixture
def control(emulator: RunningEmulator) -> Iterator[Control]:
    """A request to a control route, with the emulator's secret; the clocks are reset afterwards."""

    def send(method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {emulator['client_secret']}"}
        url = f"{emulator['endpoint']}/emulator/{path}"
        return requests.request(method, url, json=body, headers=headers, verify=emulator["ca_bundle"])

    yield send
    send("DELETE", "clocks")


class TestControlRoute:
    @pytest.fixture
    def service(self, emulator: RunningEmulator) -> Service:
        """Requests to the emulator."""
        return Service(emulator)

    def put_compute(self, service: Service) -> tuple[str, str]:
        """The name of a new compute, and the address of its operation."""
        name = f"c{uuid.uuid4().hex[:8]}"
        body = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": {}}}
        made = service.put(f"computes/{name}", body)
        assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
        return name, made.headers["azure-asyncoperation"]

    def test_a_compute_is_made_after_the_looks_asked_for(self, service: Service, control: Control) -> None:
        answer = control("PUT", "clocks/computes", {"clock": "looks", "looks": 3})
        assert (answer.status_code, answer.json()) == (200, {"kind": "computes", "clock": "looks", "looks": 3})
        name, operation = self.put_compute(service)
        words = [service.get(operation).body["status"] for _ in range(3)]
        assert words == ["InProgress", "InProgress", "Succeeded"]
        assert service.get(f"computes/{name}").body["properties"]["provisioningState"] == "Succeeded"

    def test_a_compute_under_way_goes_by_the_new_clock(self, service: Service, control: Control) -> None:
        control("PUT", "clocks/computes", NEVER)
        _, operation = self.put_compute(service)
        assert service.get(operation).body["status"] == "InProgress"
        control("PUT", "clocks/computes", NOW)
        assert service.get(operation).body["status"] == "Succeeded"

    def test_a_job_waits_until_its_clock_lets_it_go(self, service: Service, control: Control) -> None:
        control("PUT", "clocks/jobs", NEVER)
        name = f"held-{uuid.uuid4().hex[:8]}"
        service.submit(name, "true")
        time.sleep(0.3)
        assert service.get(f"jobs/{name}").body["properties"]["status"] == "Starting"
        control("PUT", "clocks/jobs", {"clock": "looks", "looks": 1})
        seen: list[str] = []
        while not seen or seen[-1] not in TERMINAL:
            seen.append(service.get(f"jobs/{name}").body["properties"]["status"])
            time.sleep(0.02)
        assert seen[-1] == "Completed"
        assert {"Preparing", "Queued", "Finalizing"} <= set(seen)  # each of them was waited in for a look

    def test_a_stop_lets_a_job_finish_that_its_clock_holds(
        self, fresh_emulator: RunningEmulator, tmp_path: Path
    ) -> None:
        service = Service(fresh_emulator)
        go = tmp_path / "go"
        service.submit("finishing", f"until [ -e {go} ]; do sleep 0.05; done")
        service.wait("finishing", "Running")
        fresh_emulator.command("clock", "set", "jobs", "time", "--seconds", "3600")
        go.touch()
        assert service.wait("finishing", "Finalizing")["status"] == "Finalizing"
        began = time.monotonic()
        fresh_emulator.stop()
        assert time.monotonic() - began < 10  # running jobs get 15 seconds to end
        fresh_emulator.start()
        assert Service(fresh_emulator).get("jobs/finishing").body["properties"]["status"] == "Completed"

    def test_the_clocks_are_listed_and_reset(self, control: Control) -> None:
        first = control("GET", "clocks").json()
        assert first["value"][0] == {"kind": "jobs", "clock": "time", "seconds": 0.0}
        assert {row["kind"] for row in first["value"]} == {*KINDS}
        control("PUT", "clocks/jobs", NOW)
        assert control("GET", "clocks").json()["value"][0] == {"kind": "jobs", "clock": "immediate"}
        assert control("DELETE", "clocks").json() == first

    @pytest.mark.parametrize(("kind", "body"), [("runs", NOW), ("jobs", {"clock": "time", "seconds": "2"})])
    def test_what_cannot_be_set_is_refused(self, control: Control, kind: str, body: dict[str, Any]) -> None:
        answer = control("PUT", f"clocks/{kind}", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidClock")

    def test_the_command_line_sets_lists_and_resets(self, emulator: RunningEmulator, control: Control) -> None:
        first = emulator.command("clock", "list").stdout
        assert "jobs  time  seconds=0.0\n" in first
        done = emulator.command("clock", "set", "deployments", "looks", "--looks", "2")
        assert done.stdout == "deployments  looks  looks=2\n"
        assert {"kind": "deployments", "clock": "looks", "looks": 2} in control("GET", "clocks").json()["value"]
        assert emulator.command("clock", "reset").stdout == first
        refused = emulator.command("clock", "set", "jobs", "time", "--looks", "2", check=False)
        assert (refused.returncode, refused.stderr) == (
            2,
            "azureml-emulator: 'looks' is not an option of the clock 'time'. Accepted: seconds.\n",
        )

    def test_it_needs_the_secret(self, emulator: RunningEmulator) -> None:
        url = f"{emulator['endpoint']}/emulator/clocks"
        assert requests.get(url, verify=emulator["ca_bundle"]).status_code == 403
