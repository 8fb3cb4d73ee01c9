"""When the jobs of marked tasks are looked at, and what is done about each: without an Airflow or a service."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.naming import TaskFacts, identify
from airflow_azureml.plugin import instances
from airflow_azureml.plugin.instances import TaskRecord, workspace_of
from airflow_azureml.plugin.marked_job import MarkedTask
from airflow_azureml.plugin.marks import LOOKS, Mark, MarkedTasks, settle
from tests.lifecycle.batch_service import ENDPOINT, BatchService
from tests.rest.driving import WS, Drive

SOON = (0.02, 0.06, 0.1)


class Looks:
    """Notes what is looked at and when; settled after so many looks."""

    def __init__(self, settled_at: int = 1) -> None:
        self.seen: list[Any] = []
        self.at: list[float] = []
        self.threads: set[int] = set()
        self._settled_at = settled_at

    def __call__(self, mark: Mark) -> bool:
        self.seen.append(mark.instance_id or mark.run_id)
        self.at.append(time.monotonic())
        self.threads.add(threading.get_ident())
        return self.seen.count(self.seen[-1]) >= self._settled_at


def test_a_mark_is_looked_at_later_and_once_when_it_is_settled_then() -> None:
    looks = Looks()
    marked = MarkedTasks(looks, SOON)
    begun = time.monotonic()
    marked.add_task("a")
    marked.join(5)
    assert looks.seen == ["a"]
    assert looks.at[0] - begun >= SOON[0]
    assert threading.get_ident() not in looks.threads


@pytest.mark.parametrize(("settled_at", "number"), [(2, 2), (3, 3), (9, len(SOON))])
def test_what_is_not_settled_is_looked_at_again_but_not_for_ever(settled_at: int, number: int) -> None:
    looks = Looks(settled_at)
    marked = MarkedTasks(looks, SOON)
    marked.add_run("d", "r")
    marked.join(5)
    assert looks.seen == ["r"] * number


def test_a_mark_does_not_wait_for_an_earlier_one_that_is_looked_at_again() -> None:
    looks = Looks(2)
    marked = MarkedTasks(looks, (0.02, 60.0))
    marked.add_task("a")
    while not looks.seen:
        time.sleep(0.005)
    marked.add_task("b")
    deadline = time.monotonic() + 5
    while "b" not in looks.seen and time.monotonic() < deadline:
        time.sleep(0.005)
    assert looks.seen == ["a", "b"]


def test_the_thread_ends_with_its_work_and_another_one_begins() -> None:
    looks = Looks()
    marked = MarkedTasks(looks, (0.0,))
    for name in ("a", "b"):
        marked.add_task(name)
        marked.join(5)
    assert looks.seen == ["a", "b"]
    assert len(looks.threads) in (1, 2)
    assert not looks.threads & {one.ident for one in threading.enumerate()}


def test_what_a_marked_task_has_recorded_is_read_at_once() -> None:
    noted: list[Mark] = []
    settled: list[Mark] = []

    def note(mark: Mark) -> Mark:
        assert settled == []
        noted.append(mark)
        return replace(mark, run_id="noted")

    marked = MarkedTasks(lambda mark: not settled.append(mark), SOON, note)  # type: ignore[func-returns-value]
    marked.add_task("a")
    marked.join(5)
    assert (len(noted), [mark.run_id for mark in settled]) == (1, ["noted"])


def test_those_that_hold_the_task_come_first() -> None:
    # A worker is told by its next heartbeat (5 s), and ends its job within the time that Airflow 3.0 to 3.3 give it.
    assert LOOKS[0] >= 15


def test_nothing_that_goes_wrong_leaves_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    # An id of a type that no database takes.
    assert settle(Mark(datetime.now(timezone.utc), instance_id=object())) is False
    assert "could not be looked at" in caplog.text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"azureml_conn_id": "c", "workspace_name": "w"}, {"azureml_conn_id": "c", "workspace_name": "w"}),
        ({"azureml_conn_id": "c"}, {"azureml_conn_id": "c"}),
        ({"azureml_conn_id": "{{ var.value.c }}"}, None),
        ({"azureml_conn_id": "c", "workspace_name": "{% if x %}w{% endif %}"}, None),
        ({"azureml_conn_id": "c", "workspace_name": {"an": "XComArg"}}, None),
        ({"azureml_conn_id": None}, None),
        ({"bash_command": "x"}, None),
    ],
)
def test_the_workspace_is_known_only_where_its_fields_are_plain(
    fields: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    found = workspace_of(fields)
    known = found if found is None else {name: value for name, value in found.items() if value is not None}
    assert known == expected


# -- invocations of batch endpoints whose answers never came

STARTED = datetime(2025, 1, 31, 10, tzinfo=timezone.utc)
FACTS = TaskFacts("d", "r", STARTED, "t")
OUTSTANDING = Outstanding.of(identify(FACTS), ENDPOINT, None, hidden=False)
WAITING = TaskRecord(
    MarkedTask("d", "r", "t", -1), has_ended=True, workspace={"azureml_conn_id": "c"}, outstanding=OUTSTANDING
)


class Endpoint:
    """A batch endpoint with the job of an invocation and one of somebody else's, for a listener to find."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = BatchService(clock=lambda: STARTED.timestamp() + 60)
        self.service.make("other-0123456789abcdef-1")
        self.late = self.service.make(identify(FACTS).name(1))
        service = self.service

        class Client:
            workspace = WS

            def __enter__(self) -> Client:
                return self

            def __exit__(self, *error: object) -> None: ...

            def run(self, flow: Any) -> Any:
                return Drive(service).run(flow)

        monkeypatch.setattr(AzureMLHook, "client", lambda self: Client())

    @property
    def statuses(self) -> list[str]:
        """The statuses of the two jobs."""
        return [job.status for job in self.service.jobs]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """A batch endpoint."""
    return Endpoint(monkeypatch)


def settled(monkeypatch: pytest.MonkeyPatch, record: TaskRecord | None, mark: TaskRecord | None = None) -> bool:
    """Look at a mark.

    :param record: of the task instance by now.
    :param mark: of the same at the mark.
    """
    monkeypatch.setattr(instances, "read", lambda instance_id: record)
    return settle(Mark(datetime.now(timezone.utc), instance_id="i", record=mark))


def test_the_job_of_an_invocation_without_an_answer_ends_whenever_it_comes(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.service.jobs.remove(endpoint.late)
    assert settled(monkeypatch, WAITING) is False, "it is looked for until the last look"
    endpoint.service.jobs.append(endpoint.late)
    assert settled(monkeypatch, WAITING) is False
    assert endpoint.statuses == ["Running", "CancelRequested"]


@pytest.mark.parametrize(
    "change", [{"outlives": True}, {"has_ended": False}, {"workspace": None}, {"outstanding": None}], ids=str
)
def test_it_is_left_alone_where_any_job_would_be(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    record = replace(WAITING, **change)
    assert settled(monkeypatch, record) is record.has_ended
    assert endpoint.statuses == ["Running", "Running"]


@pytest.mark.parametrize(
    ("started", "status"),
    [
        (STARTED, "Running"),  # the next try of the same run looks for it, or takes it over
        (datetime(2025, 1, 31, 11, tzinfo=timezone.utc), "CancelRequested"),  # a run that had ended has begun anew
        (None, "CancelRequested"),  # and this one was deleted
    ],
)
def test_after_a_clear_it_ends_only_where_no_next_try_looks_for_it(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, started: datetime | None, status: str
) -> None:
    monkeypatch.setattr(instances, "run_started", lambda dag_id, run_id: started)
    settled(monkeypatch, None, WAITING)
    assert endpoint.statuses == ["Running", status]


def test_a_service_that_cannot_be_asked_is_asked_again(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.service.blind = {"history", "list"}
    assert settled(monkeypatch, WAITING) is False
    assert "could not be found out" in caplog.text
