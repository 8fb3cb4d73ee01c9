"""How pipelines end: by a failed step, by a cancel, with the emulator, by being deleted."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.emulator.execution.marked_processes import gone
from tests.emulator.pipelines.service import (
    CLUSTER,
    FOLDER,
    Pipelines,
    from_node,
    literal,
    node,
)
from tests.emulator_fixture import RunningEmulator, Start


class TestEnds:
    """Failures, cancels, and the emulator's own end."""

    def test_a_failed_node_fails_the_pipeline_and_ends_the_others(
        self, service: Pipelines, name: str, tmp_path: Path
    ) -> None:
        slow = service.component(f"touch {tmp_path}/runs; exec -a {name} sleep 60")
        fail = service.component(f"while [ ! -e {tmp_path}/runs ]; do sleep 0.05; done; exit 3")
        after = service.component("cat ${{inputs.a}}/word.txt", {"a": FOLDER})
        make = service.component("exit 4", None, {"out": FOLDER})
        jobs = {"slow": node(slow), "fail": node(fail)}
        assert service.finish(name, jobs)["status"] == "Failed"
        steps = service.steps(name)
        assert (steps["fail"]["status"], steps["slow"]["status"]) == ("Failed", "Canceled")
        assert gone(name)
        error = service.details(name)["error"]["error"]
        assert "Failed nodes: /fail." in error["message"]
        assert error["innerError"]["code"] == "PipelineHasStepJobFailed"
        assert service.details(steps["fail"]["runId"])["error"]["error"]["messageParameters"] == {"exitCode": "3"}
        other = {"make": node(make), "after": node(after, {"a": from_node("make", "out")})}
        assert service.finish(f"{name}-2", other)["status"] == "Failed"
        assert set(service.steps(f"{name}-2")) == {"make"}

    def test_the_others_go_on_when_asked_to(self, service: Pipelines, name: str, write: str) -> None:
        after = service.component("cat ${{inputs.a}}/word.txt", {"a": FOLDER})
        jobs = {
            "fail": node(service.component("exit 1", None, {"out": FOLDER})),
            "never": node(after, {"a": from_node("fail", "out")}),
            "good": node(write, {"word": literal("x")}),
            "then": node(after, {"a": from_node("good", "out")}),
        }
        job = service.finish(name, jobs, settings={"continue_on_step_failure": True})
        assert job["status"] == "Failed"
        states = {key: row["status"] for key, row in service.steps(name).items()}
        assert states == {"fail": "Failed", "good": "Completed", "then": "Completed"}

    @pytest.mark.parametrize("nested", [False, True])
    def test_a_cancel_reaches_every_step(self, service: Pipelines, name: str, nested: bool) -> None:
        slow = service.component(f"exec -a {name} sleep 60", None, {"out": FOLDER})
        after = service.component("true", {"a": FOLDER})
        jobs = {"one": node(slow), "two": node(slow), "after": node(after, {"a": from_node("one", "out")})}
        if nested:
            inner = service.register({"type": "pipeline", "inputs": {}, "outputs": {}, "jobs": jobs})
            jobs = {"inner": {"type": "pipeline", "componentId": inner}}
        assert service.start(name, jobs).status == 201
        parent = name
        if nested:
            parent = service.wait_for_step(name, "inner", "Running")["runId"]
        for key in ("one", "two"):
            assert service.wait_for_step(parent, key, "Running")["status"] == "Running"
        assert service.post(f"jobs/{name}/cancel").status == 202
        assert service.wait(name)["status"] == "Canceled"
        assert {key: row["status"] for key, row in service.steps(parent).items()} == {
            "one": "Canceled",
            "two": "Canceled",
        }
        assert gone(name)

    def test_a_cancel_wins_whenever_it_comes(self, unhurried: RunningEmulator, name: str) -> None:
        service = Pipelines(unhurried)
        made = service.component(f"exec -a {name}-z sleep 0.6", None, {"out": FOLDER})
        then = service.component(f"exec -a {name}-z sleep 300", {"a": FOLDER})
        jobs = {"one": node(made), "two": node(then, {"a": from_node("one", "out")})}

        def cancel(number: int) -> set[str]:
            job = f"{name}-{number}"
            assert service.start(job, jobs).status == 201
            time.sleep(0.15 * number)
            assert service.post(f"jobs/{job}/cancel").status == 202
            assert service.wait(job)["status"] == "Canceled"
            return {row["status"] for row in service.steps(job).values()}

        service.token("https://ml.azure.local")
        with ThreadPoolExecutor(4) as pool:
            ends = set().union(*pool.map(cancel, range(20)))
        assert ends <= {"Canceled", "Completed"}
        assert gone(f"{name}-z")

    def test_a_cancel_before_the_first_step(self, hesitant: RunningEmulator, name: str) -> None:
        service = Pipelines(hesitant)
        service.start(name, {"one": node(service.component("true"))})
        service.post(f"jobs/{name}/cancel")
        assert service.wait(name)["status"] == "Canceled"
        assert service.steps(name) == {}

    def test_a_step_canceled_by_itself_fails_the_pipeline(self, service: Pipelines, name: str) -> None:
        slow = service.component("sleep 60")
        service.start(name, {"one": node(slow)})
        step = service.wait_for_step(name, "one", "Running")["runId"]
        assert service.post(f"jobs/{step}/cancel").status == 202
        assert service.wait(name)["status"] == "Failed"

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_a_pipeline_ends_with_the_emulator_and_is_not_resumed(
        self, start_emulator: Start, name: str, number: signal.Signals
    ) -> None:
        emulator = start_emulator()
        service = Pipelines(emulator)
        slow = service.component(f"exec -a {name} sleep 60")
        # Each takes the whole cluster, so one waits for the other; which comes first is not told.
        whole = node(slow, None, resources={"instance_count": 4})
        service.start(name, {"one": whole, "two": whole}, **CLUSTER)
        steps = service.wait_for_steps(name, "Running", "Queued")
        emulator.signal(number)
        emulator.start()
        service = Pipelines(emulator)
        assert service.job(name)["status"] == "Failed"
        for step in steps:
            assert service.history("GET", f"runs/{step}").body["status"] == "Failed"
        assert gone(name)

    def test_a_deleted_pipeline_takes_its_steps_along(self, service: Pipelines, name: str, write: str) -> None:
        service.finish(name, {"one": node(write, {"word": literal("x")})})
        step = service.steps(name)["one"]["runId"]
        assert service.request("DELETE", f"jobs/{name}").status == 200
        assert service.get(f"jobs/{step}").status == 404
