"""The routes of the page: its files, and what it shows, for those who may see that of the task in Airflow itself.

Who asks, and what that person may read, Airflow decides by its own means: its session, its auth manager, its entities.
The name of a job is never taken from the browser, so that nobody reads other jobs by way of a task. Nothing here
changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles

from airflow_azureml.plugin.page.readings import READINGS, Question
from airflow_azureml.plugin.page.task import Place, ShownTask, read
from airflow_azureml.version_compat import hides_secret

STATIC = Path(__file__).with_name("static")

TASK_AND_XCOMS = [
    Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE)),
    Depends(requires_access_dag("GET", DagAccessEntity.XCOM)),
]
"""A job's name and its task's result are XComs."""

LOGS = [*TASK_AND_XCOMS, Depends(requires_access_dag("GET", DagAccessEntity.TASK_LOGS))]


class Files(StaticFiles):
    """Files that a browser asks for again each time, so that it never mixes those of two versions."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file, or that it has not changed."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def asked_place(
    dag_id: str,
    run_id: Annotated[str, Query()],
    task_id: Annotated[str, Query()],
    map_index: Annotated[int, Query()] = -1,
    region_id: Annotated[str | None, Query()] = None,
) -> Place:
    """The task instance that a request is about. The DAG stands in the path, where Airflow looks for it."""
    return Place(dag_id, run_id, task_id, map_index, region_id)


AskedPlace = Annotated[Place, Depends(asked_place)]


async def get_task(place: AskedPlace, response: Response) -> Any:
    """What Airflow knows of the task and its job: no request leaves the API server."""
    response.headers["Cache-Control"] = "no-store"
    return (await _task(place)).shown


async def get_job(place: AskedPlace, response: Response) -> Any:
    """What Azure ML says of the job."""
    answer = await _ask("job", place, response)
    if answer["value"]:
        answer["value"] = {**answer["value"], "inputs": _without_secrets(answer["value"]["inputs"])}
    return answer


def _without_secrets(inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Inputs as Airflow shows such values elsewhere: those that are named like secrets are hidden."""
    hidden = {name for name, given in inputs.items() if hides_secret(name, given["value"], is_template=False)}
    return {name: {**given, "value": "***"} if name in hidden else given for name, given in inputs.items()}


async def get_curves(place: AskedPlace, response: Response) -> Any:
    """How the job's metrics have developed."""
    return await _ask("curves", place, response)


async def get_attempts(place: AskedPlace, response: Response) -> Any:
    """The jobs that the task had before."""
    return await _ask("attempts", place, response)


async def get_log(place: AskedPlace, response: Response) -> Any:
    """The last lines of the job's log."""
    return await _ask("log", place, response)


async def _task(place: Place) -> ShownTask:
    found = await run_in_threadpool(read, place)
    if found is None:
        raise HTTPException(404, "There is no such task instance.")
    return found


async def _ask(part: str, place: Place, response: Response) -> dict[str, Any]:
    """Ask Azure ML for a part of what is known of a task's job."""
    response.headers["Cache-Control"] = "no-store"
    task = await _task(place)
    if task.job_name is None:
        return {"value": None, "error": None, "is_pending": False}
    if task.workspace is None:
        return {"value": None, "error": "Airflow does not hold the connection of this task.", "is_pending": False}
    answer = await READINGS.answer(Question.of(part, task.job_name, task.workspace))
    if answer is None:
        return {"value": None, "error": None, "is_pending": True}
    return {"value": answer.value, "error": answer.error, "is_pending": False, "asked_at": answer.asked_at}


def make_app() -> FastAPI:
    """Make the application that Airflow mounts below ``/azureml``."""
    app = FastAPI(title="Azure ML jobs of tasks", docs_url=None, redoc_url=None, openapi_url=None)
    for path, answer, access in (
        ("task", get_task, TASK_AND_XCOMS),
        ("job", get_job, TASK_AND_XCOMS),
        ("curves", get_curves, TASK_AND_XCOMS),
        ("attempts", get_attempts, TASK_AND_XCOMS),
        ("log", get_log, LOGS),
    ):
        app.add_api_route(f"/dags/{{dag_id}}/{path}", answer, methods=["GET"], dependencies=access)
    app.mount("/static", Files(directory=STATIC), name="static")
    return app
