"""Which jobs of a Task Loop a *Clear* has left without a task, and what is done about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.attempts.computes import Choices
from airflow_azureml.lifecycle.attempts.replaced_iterations import cancel_replaced
from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission
from airflow_azureml.lifecycle.naming import Iteration, JobIdentity, TaskFacts, identify
from airflow_azureml.lifecycle.news import IterationReplaced, Warned
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.rest.errors import NoAnswerError, SettingsError
from tests.lifecycle.service import Service
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, Drive, job_json, reply


def region(seconds: float, random: int = 0) -> str:
    """A UUID of version 7, made so many seconds after a moment."""
    return str(UUID(int=(1_800_000_000_000 + round(seconds * 1000)) << 80 | 7 << 76 | 2 << 62 | random))


def at(seconds: float, index: int, place: int | None = None, facts: TaskFacts = FACTS, **more: Any) -> JobIdentity:
    """The jobs of an iteration in a region of that age."""
    iteration = Iteration(index, region(seconds), index if place is None else place)
    return identify(replace(facts, iteration=iteration, **more))


MINE = at(60, 2)
"""The third iteration, in a region that replaces an older one."""


def run_json(name: str, status: str, tags: dict[str, str]) -> dict[str, Any]:
    """A run as run history shows it."""
    return {"runId": name, "status": status, "tags": tags, "createdUtc": "2025-01-31T10:05:00Z"}


class Workspace:
    """Run history of one experiment, with the jobs behind it."""

    def __init__(self, *runs: dict[str, Any], history: Any = None, refuses: bool = False) -> None:
        self.runs, self.refuses = runs, refuses
        self.history = history or reply(200, {"value": list(runs)})
        self.canceled: list[str] = []
        self.asked: list[Any] = []

    def __call__(self, call: Any) -> Any:
        if call.path.endswith("/runs:query"):
            self.asked.append((call.path, call.body["filter"]))
            return self.history
        name = call.path.removesuffix("/cancel").rpartition("/")[2]
        if call.path.endswith("/cancel"):
            self.canceled.append(name)
            return reply(403, {"error": {"code": "UserError", "message": "no role"}}) if self.refuses else reply(202)
        status = next(run["status"] for run in self.runs if run["runId"] == name)
        return reply(200, job_json(name, status))


def canceled_for(
    job: JobIdentity, status: str = "Running", tags: dict[str, str] | None = None, mine: JobIdentity = MINE
) -> bool:
    """Whether a job of an iteration is canceled when another one begins."""
    service = Workspace(run_json("old-1", status, job.tags(1) if tags is None else tags))
    Drive(service).run(cancel_replaced(WS, mine, "exp"))
    return service.canceled == ["old-1"]


@pytest.mark.parametrize("index", [2, 3, 7])
def test_an_iteration_of_an_older_region_from_this_index_on_was_replaced(index: int) -> None:
    assert canceled_for(at(0, index))


def test_mapped_tasks_of_it_were_as_well_whatever_their_index() -> None:
    assert canceled_for(at(0, 2, place=5, map_index=5), mine=at(60, 2, place=0, map_index=0))


@pytest.mark.parametrize(
    "other",
    [
        at(0, 1),  # it came before what was cleared
        at(60, 2),  # this one's own, of an earlier generation or a mapped sibling
        at(60, 3),
        at(120, 2),  # of a region that has replaced this one
        at(59.5, 2),  # made together with this one
        at(0, 2, dag_id="other"),
        at(0, 2, run_id="other"),
        at(0, 2, task_id="other"),
        at(0, 2, run_started=None),
        identify(FACTS),
    ],
)
def test_all_others_are_left_alone(other: JobIdentity) -> None:
    assert not canceled_for(other)


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_what_has_ended_or_is_ending_is_left_alone(status: str) -> None:
    assert not canceled_for(at(0, 2), status)


@pytest.mark.parametrize(
    "changed",
    [
        {OUTLIVES_TAG: "true"},
        {"airflow_loop_index": "third"},
        {"airflow_loop_region": "region/2"},
        {"airflow_loop_region": "00000000-0000-4000-8000-000000000000/2"},  # says nothing of its age
    ],
)
def test_tags_that_do_not_say_so_leave_it_alone(changed: dict[str, str]) -> None:
    assert not canceled_for(at(0, 2), tags={**at(0, 2).tags(1), **changed})


@pytest.mark.parametrize(
    ("mine", "experiment"),
    [(identify(FACTS), "exp"), (at(60, 0), "exp"), (at(60, 2, run_started=None), "exp"), (MINE, None)],
)
def test_nothing_is_asked_where_nothing_can_have_been_replaced(mine: JobIdentity, experiment: str | None) -> None:
    service = Workspace()
    Drive(service).run(cancel_replaced(WS, mine, experiment))
    assert service.asked == []


def test_it_asks_once_for_the_jobs_since_the_dag_run_began() -> None:
    service = Workspace()
    Drive(service).run(cancel_replaced(WS, MINE, "ex p"))
    path = f"/history/v1.0{WS.path}/experiments/ex%20p/runs:query"
    assert service.asked == [(path, "(CreatedUtc ge 2025-01-31T09:50:00Z)")]


def test_what_was_canceled_is_news() -> None:
    drive = Drive(Workspace(run_json("old-1", "Running", at(0, 2).tags(1))))
    drive.run(cancel_replaced(WS, MINE, "exp"))
    assert drive.news == [IterationReplaced("old-1", "was asked to cancel.")]


@pytest.mark.parametrize("answer", [NoAnswerError("gone"), reply(500, {"error": {"message": "out of order"}})])
def test_a_service_that_does_not_tell_keeps_nobody_waiting(answer: Any) -> None:
    drive = Drive(Workspace(history=answer))
    drive.run(cancel_replaced(WS, MINE, "exp"))
    assert [type(record) for record in drive.news] == [Warned]


def test_a_refused_cancel_is_news_and_the_next_job_is_canceled_all_the_same() -> None:
    service = Workspace(*(run_json(name, "Running", at(0, 2).tags(1)) for name in ("old-1", "old-2")), refuses=True)
    drive = Drive(service)
    drive.run(cancel_replaced(WS, MINE, "exp"))
    assert service.canceled == ["old-1", "old-2"]
    assert all(record.outcome.startswith("could not be canceled: ") for record in drive.news)


def test_an_experiment_without_jobs_is_not_there() -> None:
    drive = Drive(Workspace(history=reply(404, {"error": {"code": "UserError", "message": "Experiment not found"}})))
    drive.run(cancel_replaced(WS, MINE, "exp"))
    assert drive.news == []


def test_a_wrong_connection_is_no_trouble_of_the_search() -> None:
    with pytest.raises(SettingsError):
        Drive(Workspace(history=SettingsError("wrong"))).run(cancel_replaced(WS, MINE, "exp"))


@pytest.mark.parametrize("ends_with_task", [True, False])
def test_only_a_first_job_that_ends_with_its_task_looks_for_them(ends_with_task: bool) -> None:
    document = {"type": "command", "command": "x", "environment": "azureml:e:1", "compute": "azureml:c"}
    service, asked = Service(), []

    def answer(call: Any) -> Any:
        if call.path.endswith("/runs:query"):
            asked.append(len(service.jobs))
            return reply(200, {"value": []})
        return service(call)

    choices = Choices((translate(load({**document, "experiment_name": "exp"}), WS),))
    for number, end in enumerate(("Failed", "Completed", "Completed"), 1):
        submission = TaskSubmission(identify(replace(MINE.facts, try_number=number)), choices)
        found = Drive(answer).run(submission.find_or_start(WS, cancels_earlier=ends_with_task))
        service.end(found.job.name, end)
    assert asked == ([0] if ends_with_task else [])
