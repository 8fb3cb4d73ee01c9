"""An earlier job with the same needs: which jobs ask for one, what is trusted of it, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.requirements import Requirement
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.lifecycle.needs.precedents import TAG, Precedents, month_of, precedents
from airflow_azureml.rest.errors import UnreachableError
from airflow_azureml.rest.flow import Call
from airflow_azureml.rest.ids import parse_datastore_path
from tests.rest.driving import WS, Drive, reply, run

MONTH = "2026-11"
STEP: dict[str, Any] = {"command": "echo", "code": "./src", "environment": {"image": "img"}}
DATA = {name: {"type": "uri_folder", "path": f"./{name}"} for name in ("one", "two")}
COMMAND: dict[str, Any] = {"type": "command", **STEP, "inputs": DATA}
LABELLED = {**STEP, "environment": "azureml:e@latest"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Local things."""
    for name in ("src/main.py", "one/a", "two/b"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    return tmp_path


def body(folder: Path, job: Mapping[str, Any] = COMMAND) -> Any:
    """The request of a job, with its gaps."""
    return translate(load(job, folder=str(folder)), WS).body


def asked(folder: Path, job: Mapping[str, Any] = COMMAND, month: str = MONTH) -> Precedents:
    """The jobs that a job would ask for."""
    found = precedents(body(folder, job), month)
    assert found is not None
    return found


def tag_of(precedents: Precedents, labels: Mapping[Requirement, str] | None = None) -> str:
    """The key of the tag that they carry."""
    drive = Drive(lambda _: reply(200, {"value": []}))
    drive.run(precedents.find(WS, labels or {}))
    (call,) = drive.effects
    assert isinstance(call, Call)
    assert call.query["listViewType"] == "ActiveOnly"
    return call.query["tag"]


def pipeline(*nodes: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A pipeline of commands that differ."""
    jobs = {f"n{at}": {"type": "command", **node, "command": f"echo {at}"} for at, node in enumerate(nodes)}
    return {"type": "pipeline", "compute": "azureml:c", "jobs": jobs, **more}


@pytest.mark.parametrize(
    ("job", "beside", "asks"),
    [
        ({"type": "command", **STEP}, 1, False),
        ({"type": "command", **STEP}, 2, True),
        ({"type": "command", **STEP, "environment": "azureml:e:1"}, 9, False),
        (
            {"type": "command", **LABELLED, "inputs": {"d": {"type": "uri_folder", "path": "azureml:d@latest"}}},
            9,
            False,
        ),
        (COMMAND, 0, True),
        ({**COMMAND, "inputs": {"one": DATA["one"]}, "code": None, "environment": "azureml:e:1"}, 0, False),
        ({**COMMAND, "inputs": {"one": DATA["one"]}, "code": None, "environment": "azureml:e:1"}, 1, True),
        (pipeline(STEP), 0, False),
        (pipeline(STEP), 1, True),
        (pipeline(STEP, STEP), 0, True),
        (pipeline(LABELLED, LABELLED), 1, True),
    ],
)
def test_who_would_cost_more_than_three_requests_asks(
    folder: Path, job: dict[str, Any], beside: int, asks: bool
) -> None:
    job = {key: value for key, value in job.items() if value is not None}
    assert (precedents(body(folder, job), MONTH, beside) is not None) is asks


def test_the_tag_stands_for_all_that_is_needed_and_where(folder: Path) -> None:
    tag = tag_of(asked(folder))
    assert tag.startswith(TAG)
    assert tag_of(asked(folder, {**COMMAND, "command": "another", "compute": "azureml:c", "tags": {"a": "b"}})) == tag
    others = [
        asked(folder, month="2026-12"),
        asked(folder, {**COMMAND, "environment": {"image": "other"}}),
        asked(folder, {**COMMAND, "inputs": {"one": DATA["two"], "two": DATA["one"]}}),
        asked(folder, {**COMMAND, "inputs": {**DATA, "two": {**DATA["two"], "path": "azureml:d:1"}}}),
    ]
    (folder / "one" / "a").write_text("changed")
    others.append(asked(folder))
    assert len({tag, *(tag_of(one) for one in others)}) == 6


def test_a_label_in_a_component_is_asked_for_first(folder: Path) -> None:
    """Another version behind it is another need."""
    found = asked(folder, pipeline(LABELLED, LABELLED))
    assert [str(label.name) for label in found.labels] == ["e"]
    tags = {tag_of(found, dict.fromkeys(found.labels, version)) for version in ("1", "2", "1")}
    assert len(tags) == 2


def test_months_are_those_of_utc() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=timezone(timedelta(hours=-1)))
    assert (month_of(late), month_of(late - timedelta(hours=1))) == ("2026-12", "2026-11")


def submitted(folder: Path) -> tuple[Precedents, Mapping[Requirement, str], dict[str, Any]]:
    """What a job asks for, what its needs were answered, and the job as the service shows it."""
    found = asked(folder)
    answers = {
        one.requirement: f"azureml://datastores/s/paths/LocalUpload/{at}/x" if path[-1] == "uri" else f"{WS.path}/{at}"
        for at, (path, one) in enumerate(found.places)
    }
    needs = Fulfilment(WS)
    needs.answers.update(answers)
    filled = run(needs.fill(body(folder)))
    properties = {**filled["properties"], "status": "Completed", "tags": found.tags(answers)}
    return found, answers, {"name": "j", "properties": properties, "systemData": {"createdAt": "2026-11-02T00:00:00Z"}}


def changed(job: dict[str, Any], created: str = "2026-11-03T00:00:00Z", **properties: Any) -> dict[str, Any]:
    """The same job but for what is said; it was made later."""
    return {**job, "properties": {**job["properties"], **properties}, "systemData": {"createdAt": created}}


def test_the_answers_of_the_last_one_are_taken(folder: Path) -> None:
    found, answers, job = submitted(folder)
    assert len(answers) == 4
    page = {"value": [job], "nextLink": "https://arm.example/further"}
    assert run(found.find(WS, {}), reply(200, page)) == answers
    assert list(found.tags(answers)) == [tag_of(found)]
    assert run(found.find(WS, {}), reply(200, {"value": []})) == {}


def test_a_place_is_read_as_the_service_may_show_it(folder: Path) -> None:
    found, answers, job = submitted(folder)
    inputs = job["properties"]["inputs"]
    for row in inputs.values():
        row["uri"] = parse_datastore_path(row["uri"]).long(WS)  # type: ignore[union-attr]
    assert run(found.find(WS, {}), reply(200, {"value": [job]})) == answers
    for row in inputs.values():
        row["uri"] = row["uri"].replace(f"/{WS.name}/", "/other/")
    assert run(found.find(WS, {}), reply(200, {"value": [job]})) == {}


@pytest.mark.parametrize("change", [{"codeId": f"{WS.path}/codes/other/versions/1"}, {"codeId": None}, {"tags": {}}])
def test_a_changed_copy_is_none(folder: Path, change: dict[str, Any]) -> None:
    """Studio copies a job with its tags. The one before it still holds."""
    found, answers, job = submitted(folder)
    copy = changed(job, **change)
    assert run(found.find(WS, {}), reply(200, {"value": [copy]})) == {}
    for rows in ([copy, job], [job, copy]):
        assert run(found.find(WS, {}), reply(200, {"value": rows})) == answers


@pytest.mark.parametrize(("status", "holds"), [("Failed", False), ("Canceled", True), ("Running", True)])
def test_the_last_one_must_not_have_failed(folder: Path, status: str, holds: bool) -> None:
    found, answers, job = submitted(folder)
    rows = [job, changed(job, status=status)]
    assert run(found.find(WS, {}), reply(200, {"value": rows})) == (answers if holds else {})
    earlier = changed(job, "2026-11-01T00:00:00Z", status="Failed")
    assert run(found.find(WS, {}), reply(200, {"value": [earlier, job]})) == answers


@pytest.mark.parametrize("status", [400, 403, 404, 500, 501])
def test_a_service_that_does_not_list_jobs_is_no_obstacle(folder: Path, status: int) -> None:
    assert run(asked(folder).find(WS, {}), reply(status)) == {}


def test_a_service_that_is_not_there_is_one(folder: Path) -> None:
    with pytest.raises(UnreachableError):
        run(asked(folder).find(WS, {}), UnreachableError("arm.example:443"))
