"""A cancel: whenever it comes, everything below the job ends."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

from tests.emulator.execution.marked_processes import eventually, gone, processes
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator


class TestCancel:
    """Cancel ends everything below a job."""

    def test_it_ends_grandchildren_that_left_the_session(self, service: Service, name: str) -> None:
        command = (
            f"(exec -a {name}-a sleep 300) & "
            f"setsid bash -c 'exec -a {name}-b sleep 300' & "
            f"(env -i setsid bash -c 'exec -a {name}-c sleep 300' &) ; "
            f'bash -c \'trap "" TERM; exec -a {name}-d bash -c "trap \\"\\" TERM; while :; do sleep 0.1; done"\' & '
            "wait"
        )
        service.submit(name, command)
        service.wait(name, "Running")
        eventually(f"{name}-", 4)
        answer = service.post(f"jobs/{name}/cancel")
        assert answer.status == 202
        assert service.job(name)["status"] in ("CancelRequested", "Canceled")
        assert service.wait(name)["status"] == "Canceled"
        assert not processes(f"{name}-")
        location = answer.headers["location"]
        assert "/mfeOperationResults/jc:" in location
        assert service.get(location).status == 200

    def test_processes_left_behind_by_a_finished_command_are_ended(self, service: Service, name: str) -> None:
        job = service.run(name, f"(setsid bash -c 'exec -a {name}-x sleep 300' &); sleep 0.2")
        assert job["status"] == "Completed"
        assert not processes(f"{name}-x")

    def test_a_job_that_has_not_begun_can_be_canceled(self, hesitant: RunningEmulator, name: str) -> None:
        service = Service(hesitant)
        service.submit(name, "touch outputs/ran")
        assert service.post(f"jobs/{name}/cancel").status == 202
        assert service.wait(name)["status"] == "Canceled"

    def test_a_cancel_wins_whenever_it_comes(self, unhurried: RunningEmulator, name: str) -> None:
        service = Service(unhurried)

        def cancel(number: int) -> str:
            assert service.submit(f"{name}-{number}", f"exec -a {name}-z sleep 300").status == 201
            time.sleep(0.04 * number)
            assert service.post(f"jobs/{name}-{number}/cancel").status == 202
            return str(service.wait(f"{name}-{number}")["status"])

        service.token(service.base)
        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(cancel, range(30))) == {"Canceled"}
        assert gone(f"{name}-z")

    def test_an_ended_job_refuses(self, service: Service, name: str) -> None:
        service.run(name, "true")
        answer = service.post(f"jobs/{name}/cancel")
        assert answer.status == 400
        assert "Completed" in answer.body["error"]["message"]

    def test_a_slow_cancel_outlives_its_operation(self, fresh_emulator: RunningEmulator) -> None:
        service = Service(fresh_emulator)
        fresh_emulator.fault("cancel_slow", delay=600, times=1, then=[{"kind": "cancel_slow", "delay": 0.5}])
        service.submit("c1", "sleep 100")
        service.wait("c1", "Running")
        location = service.post("jobs/c1/cancel").headers["location"]
        deadline = time.monotonic() + 60
        while service.get(location).status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert service.job("c1")["status"] == "CancelRequested"
        service.submit("c2", "sleep 100")
        service.wait("c2", "Running")
        service.post("jobs/c2/cancel")
        assert service.wait("c2")["status"] == "Canceled"
        fresh_emulator.signal(signal.SIGKILL)  # a stop would wait for the first
