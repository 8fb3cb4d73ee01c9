"""A type of job is one row: the rooms of jobs, run history and Studio need no line of their own for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.app import Emulator
from azureml_emulator.core.errors import ServiceError, invalid_field
from azureml_emulator.core.schema import record, text
from azureml_emulator.core.settings import load_settings
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.history.responses import details_resource
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine, JobType
from azureml_emulator.jobs.job_run import JobRun
from azureml_emulator.jobs.responses import job_resource
from azureml_emulator.jobs.routes import find_job
from azureml_emulator.jobs.schemas import JOB
from azureml_emulator.jobs.views import JobView, RunView

LOG = "logs/spark.txt"


class SparkRun(JobRun):
    """A run that says one word."""

    async def work(self) -> None:
        """Pass through the states."""
        self._begin_log(LOG)
        for status in ("Preparing", "Queued", "Running", "Finalizing", "Completed"):
            self._advance(status)
        self.say("spark")


def check(engine: Engine, given: Properties, depth: int) -> Properties:
    """An entry that is called ``missing`` does not exist."""
    if given["entry"] == "missing":
        raise invalid_field("entry", "It was not found.", "EntryNotFound")
    return given


SPARK = JobType(
    name="Spark",
    schema=record({**JOB, "entry": text}, ("entry",)),
    check=check,
    complete=lambda definition: {"inputs": {}, "outputs": {}, **definition},
    run=lambda engine, name: SparkRun(engine.context, name),
    job_view=JobView(("codeId",), lambda definition, parameters: {"conf": {}}, lambda definition: {"made": "here"}),
    run_view=RunView("azureml.spark", "azureml.step", lambda job: {"made": "there"}, lambda definition: "pool", LOG),
)


@pytest.fixture
def emulator(tmp_path: Path) -> Emulator:
    """An emulator with a row for jobs of Spark."""
    em = Emulator(load_settings(tmp_path, "127.0.0.1", None, {}), Transitions(0, 0))
    em.workspace.create_defaults()
    em.engine.add_type(SPARK)
    return em


def put(em: Emulator, **properties: str) -> dict[str, Any]:
    """The job after its end, as ARM answers it; under ``run`` its run's details, under ``log`` and ``compute`` what
    Studio shows of it."""
    given = em.job_resources.read("j", {"properties": {"jobType": "spark", **properties}})

    async def walked() -> dict[str, Any]:
        em.engine.begin("j", given)
        await em.engine.ended("j")
        job = find_job(em.jobs, "j")
        details = details_resource(em.history, job)
        shown = {"log": em.studio.log_file(job).read_text(), "compute": em.studio.compute(job)}
        return {**job_resource(em.job_resources, job), "run": details, **shown}

    return asyncio.run(walked())


def test_a_row_makes_a_type_of_job_run_and_show(emulator: Emulator) -> None:
    job = put(emulator, entry="main.py")
    shown = job["properties"]
    assert (shown["jobType"], shown["status"], shown["entry"]) == ("Spark", "Completed", "main.py")
    assert (shown["codeId"], shown["conf"], shown["displayName"]) == (None, {}, "j")
    assert shown["properties"] == {"made": "here"}
    assert (job["run"]["runType"], job["run"]["target"]) == ("azureml.spark", "pool")
    assert job["run"]["properties"] == {"made": "there"}
    assert list(job["run"]["logFiles"]) == [LOG]
    assert (job["log"], job["compute"]) == ("[azureml-emulator] spark\n", "pool")


def test_its_schema_and_its_check_are_asked(emulator: Emulator) -> None:
    with pytest.raises(ServiceError, match=r"properties\.entry"):
        put(emulator)
    with pytest.raises(ServiceError, match=r"entry: It was not found\."):
        put(emulator, entry="missing")
    assert emulator.jobs.get("j") is None


def test_a_type_without_a_row_is_not_emulated(emulator: Emulator) -> None:
    with pytest.raises(ServiceError) as caught:
        emulator.job_resources.read("j", {"properties": {"jobType": "AutoML"}})
    assert (caught.value.status, caught.value.code) == (501, "NotEmulated")
