"""What becomes of jobs when the emulator ends, is killed, and begins again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.emulator.execution.marked_processes import eventually, gone, processes
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator


class TestRestart:
    """What becomes of jobs when the emulator ends."""

    def test_a_job_that_ran_is_failed_and_says_so(self, fresh_emulator: RunningEmulator, name: str) -> None:
        service = Service(fresh_emulator)
        service.run("done", "echo kept > ${{outputs.o}}/f", outputs={"o": {"jobOutputType": "uri_folder"}})
        service.submit("cut", f"exec -a {name} sleep 300")
        service.wait("cut", "Running")
        eventually(name, 1)
        assert fresh_emulator.stop() == 0
        assert not processes(name)
        fresh_emulator.start()
        service = Service(fresh_emulator)
        assert service.job("cut")["status"] == "Failed"
        assert "emulator was stopped" in service.details("cut")["error"]["error"]["message"]
        assert service.job("done")["status"] == "Completed"
        assert service.read(service.outputs("done")["o"]["uri"] + "f") == b"kept\n"

    def test_a_killed_emulator_leaves_no_process(self, fresh_emulator: RunningEmulator, name: str) -> None:
        service = Service(fresh_emulator)
        service.submit("left", f"setsid bash -c 'exec -a {name} sleep 300' & exec -a {name} sleep 300")
        service.wait("left", "Running")
        eventually(name, 2)
        fresh_emulator.signal(signal.SIGKILL)
        assert gone(name)
        (fresh_emulator.state / "endpoint.json").unlink()
        fresh_emulator.start()
        service = Service(fresh_emulator)
        assert service.job("left")["status"] == "Failed"
        assert "emulator" in service.details("left")["error"]["error"]["message"]

    def test_start_ends_what_outlived_emulator_and_supervisor(self, fresh_emulator: RunningEmulator, name: str) -> None:
        service = Service(fresh_emulator)
        service.submit("orphan", f"exec -a {name} sleep 300")
        service.wait("orphan", "Running")
        [child] = eventually(name, 1)
        supervisor = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(fresh_emulator.process.pid, signal.SIGSTOP)  # type: ignore[union-attr]
        os.kill(supervisor, signal.SIGKILL)
        fresh_emulator.signal(signal.SIGKILL)
        assert processes(name) == [child]
        (fresh_emulator.state / "endpoint.json").unlink()
        fresh_emulator.start()
        assert not processes(name)
        assert Service(fresh_emulator).job("orphan")["status"] == "Failed"

    def test_a_job_that_had_not_begun_runs_after_a_restart(self, fresh_emulator: RunningEmulator) -> None:
        service = Service(fresh_emulator)
        size = {"minNodeCount": 0, "maxNodeCount": 1}
        compute = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_D2", "scaleSettings": size}}
        identity = service.put("computes/one", {"location": "eastus", "properties": compute}).body["id"]
        service.submit("first", "sleep 300", computeId=identity)
        service.wait("first", "Running")
        service.submit("second", "echo later", computeId=identity)
        service.wait("second", "Queued")
        fresh_emulator.stop()
        fresh_emulator.start()
        service = Service(fresh_emulator)
        assert service.wait("second")["status"] == "Completed"
        assert service.printed("second") == "later\n"
