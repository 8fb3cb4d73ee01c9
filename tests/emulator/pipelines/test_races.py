"""Races inside of a pipeline's run: no client, no pauses, real processes."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.app import Emulator
from azureml_emulator.core.settings import load_settings
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.pipelines import pipeline_run
from tests.emulator.pipelines.service import CLUSTER, Body, node
from tests.emulator.service import ENVIRONMENT

PATIENCE = 60.0


def component(em: Emulator, name: str, command: str, inputs: Body) -> str:
    """Register a command component; its id."""
    spec = {"type": "command", "command": command, "environment": ENVIRONMENT, "inputs": inputs, "outputs": {}}
    em.assets.put("components", name, "1", {"componentSpec": spec})
    return f"{em.settings.workspace_arm_id}/components/{name}/versions/1"


async def test_a_round_that_is_prepared_while_another_node_fails_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, go, fails = threading.Event(), threading.Event(), tmp_path / "fails"
    fingerprint = pipeline_run.fingerprint

    def slow(*given: Any) -> str:
        if given[-1]["displayName"] == "body_1":
            prepared.set()
            go.wait(PATIENCE)
        return fingerprint(*given)

    monkeypatch.setattr(pipeline_run, "fingerprint", slow)
    em = Emulator(load_settings(tmp_path / "state", "127.0.0.1", None, {}), Transitions(0, 0))
    em.workspace.create_defaults()
    await em.engine.recover()
    fail = component(em, "fail", f"until [ -e {fails} ]; do sleep 0.02; done; exit 3", {})
    body = component(em, "body", "echo ${{inputs.n}}", {"n": {"type": "integer"}})
    items = json.dumps([{"n": number} for number in range(2)])
    loop = {"type": "parallel_for", "body": "${{parent.jobs.body}}", "items": items, "max_concurrency": 1}
    jobs = {"fail": node(fail), "body": node(body), "loop": loop}
    given = em.job_resources.read("p", {"properties": {"jobType": "Pipeline", "jobs": jobs, **CLUSTER}})
    em.engine.begin("p", given)
    run = em.engine._runs["p"]
    assert isinstance(run, pipeline_run.PipelineRun)
    try:
        assert await asyncio.to_thread(prepared.wait, PATIENCE)
        fails.touch()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not run._ending:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
        go.set()
        await asyncio.wait_for(em.engine.ended("p"), PATIENCE)
    finally:
        go.set()
        steps = {job.definition["displayName"]: job.status for job in em.jobs.children("p")}
        await em.stop()
    assert steps == {"fail": "Failed", "body_0": "Completed"}
