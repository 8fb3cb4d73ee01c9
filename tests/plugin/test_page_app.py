"""The routes of the page: whom they answer, what with, and that the browser never names a job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api import security
from airflow.models.dag import DagModel
from fastapi.testclient import TestClient

from airflow_azureml.plugin.page import app
from airflow_azureml.plugin.page.readings import READINGS, Answer, Question
from airflow_azureml.plugin.page.task import Place, ShownTask

PARTS = ("task", "job", "attempts", "log")
QUERY = {"run_id": "manual__2025-01-31T10:00:00+00:00", "task_id": "group.train"}
ANSWER = Answer({"phase": "active", "inputs": {}}, asked_at=7.0)
TASK = ShownTask({"state": "running"}, "the-job", {"azureml_conn_id": "c"})


@dataclass
class Airflow:
    """What Airflow decides and holds, as the test has it.

    :param withheld: what the person may not read.
    """

    client: TestClient
    withheld: set[DagAccessEntity] = field(default_factory=set)
    dags: set[str | None] = field(default_factory=set)
    task: ShownTask | None = TASK
    places: list[Place] = field(default_factory=list)
    answer: Answer | None = ANSWER
    questions: list[Question] = field(default_factory=list)

    def is_authorized_dag(self, *, access_entity: Any, details: Any, **_: Any) -> bool:
        """Airflow's auth manager."""
        self.dags.add(details.id)
        return access_entity not in self.withheld

    def get(self, part: str, dag: str = "the.dag", **query: Any) -> Any:
        """Ask for a part of the page."""
        return self.client.get(f"/dags/{dag}/{part}", params=QUERY | query)


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Airflow]:
    """The application, mounted nowhere."""
    made = app.make_app()
    made.dependency_overrides[security.get_user] = lambda: "somebody"
    known = Airflow(TestClient(made))

    def read(place: Place) -> ShownTask | None:
        known.places.append(place)
        return known.task

    async def answer(question: Question) -> Answer | None:
        known.questions.append(question)
        return known.answer

    monkeypatch.setattr(security, "get_auth_manager", lambda: known)
    monkeypatch.setattr(DagModel, "get_team_name", lambda *_, **__: None)
    monkeypatch.setattr(app, "read", read)
    monkeypatch.setattr(READINGS, "answer", answer)
    yield known
    known.client.close()


@pytest.mark.parametrize("part", PARTS)
def test_who_may_read_everything_is_answered(airflow: Airflow, part: str) -> None:
    reply = airflow.get(part, map_index=3)
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    assert airflow.dags == {"the.dag"}
    assert airflow.places == [Place("the.dag", QUERY["run_id"], QUERY["task_id"], 3)]


@pytest.mark.parametrize(
    ("withheld", "refused"),
    [
        (DagAccessEntity.TASK_INSTANCE, set(PARTS)),
        (DagAccessEntity.XCOM, set(PARTS)),
        (DagAccessEntity.TASK_LOGS, {"log"}),
        (DagAccessEntity.CODE, set()),
    ],
)
def test_what_airflow_withholds_is_withheld(airflow: Airflow, withheld: Any, refused: set[str]) -> None:
    airflow.withheld = {withheld}
    replies = {part: airflow.get(part) for part in PARTS}
    assert {part for part, reply in replies.items() if reply.status_code == 403} == refused
    assert all(reply.status_code == 200 for part, reply in replies.items() if part not in refused)
    assert {question.part for question in airflow.questions} == {*PARTS} - {"task"} - refused


def test_who_is_nobody_is_refused() -> None:
    with TestClient(app.make_app()) as client:
        assert {client.get(f"/dags/d/{part}", params=QUERY).status_code for part in PARTS} == {401}


def test_the_job_is_that_of_the_task_whatever_the_browser_says(airflow: Airflow) -> None:
    airflow.get("job", job_name="another", workspace="w")
    assert airflow.questions == [Question.of("job", "the-job", {"azureml_conn_id": "c"})]


def test_inputs_that_are_named_like_secrets_are_hidden(airflow: Airflow) -> None:
    given = {"api_key": "k", "rate": "0.1", "text": "a password"}
    inputs = {name: {"type": "literal", "value": value} for name, value in given.items()}
    airflow.answer = Answer({"inputs": inputs})
    for _ in range(2):  # the kept answer is not changed by it
        shown = airflow.get("job").json()["value"]["inputs"]
        assert {name: one["value"] for name, one in shown.items()} == {**given, "api_key": "***"}
    assert inputs["api_key"]["value"] == "k"


def test_a_task_that_is_not_there(airflow: Airflow) -> None:
    airflow.task = None
    assert {airflow.get(part).status_code for part in PARTS} == {404}


def test_without_a_job_or_a_workspace_nothing_is_asked(airflow: Airflow) -> None:
    airflow.task = ShownTask({}, None, None)
    assert airflow.get("job").json() == {"value": None, "error": None, "is_pending": False}
    airflow.task = ShownTask({}, "j", None)
    assert "does not hold the connection" in airflow.get("log").json()["error"]
    assert airflow.questions == []


def test_what_came_of_a_question_is_told(airflow: Airflow) -> None:
    airflow.answer = None
    assert airflow.get("log").json()["is_pending"] is True
    airflow.answer = Answer(error="It cannot be reached.", asked_at=7.0)
    assert airflow.get("log").json()["error"] == "It cannot be reached."


@pytest.mark.parametrize("name", ["tab.js", "data.js", "tab.css", "icon.svg"])
def test_the_files_are_asked_for_again_each_time(airflow: Airflow, name: str) -> None:
    reply = airflow.client.get(f"/static/{name}")
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-cache"
    again = airflow.client.get(f"/static/{name}", headers={"If-None-Match": reply.headers["etag"]})
    assert again.status_code == 304
    kind = {"js": ("text/javascript", "application/javascript"), "css": ("text/css",), "svg": ("image/svg+xml",)}
    assert reply.headers["content-type"].partition(";")[0] in kind[name.partition(".")[2]]


def test_nothing_but_questions_is_answered(airflow: Airflow) -> None:
    assert airflow.client.post("/dags/d/job", params=QUERY).status_code == 405
    assert airflow.client.get("/openapi.json").status_code == 404
    assert airflow.client.get("/static/../app.py").status_code == 404
