"""Questions to Azure ML for pages: few, shared by all who look, and never in the way of the API server."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from airflow_azureml.plugin.page import readings
from airflow_azureml.plugin.page.readings import (
    ENDED,
    FAILED,
    FRESH,
    MOST_KEPT,
    MOST_WAITING,
    THREADS,
    Question,
    Readings,
)
from airflow_azureml.rest.errors import ForbiddenError
from tests.rest.driving import reply

WORKSPACE = {"azureml_conn_id": "c", "workspace_name": None}


def question(part: str = "job", name: str = "j") -> Question:
    """A question about a job."""
    return Question.of(part, name, WORKSPACE)


class Asked:
    """What was asked, with answers of the test; ``gate`` holds them back where it is cleared."""

    def __init__(self, value: Any = None) -> None:
        self.value = value if value is not None else {"phase": "active"}
        self.questions: list[Question] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.now = 0.0
        self.readings = Readings(self, lambda: self.now)

    def __call__(self, question: Question) -> Any:
        self.questions.append(question)
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(30)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


async def test_an_answer_serves_all_who_ask_within_its_time() -> None:
    asked = Asked()
    answers = [await asked.readings.answer(question()) for _ in range(3)]
    assert [answer and answer.value for answer in answers] == [{"phase": "active"}] * 3
    assert len(asked.questions) == 1
    asked.now = FRESH["job"]
    await asked.readings.answer(question())
    assert len(asked.questions) == 2


async def test_those_who_ask_at_once_share_one_question() -> None:
    asked = Asked()
    asked.gate.clear()
    waiting = [asyncio.create_task(asked.readings.answer(question())) for _ in range(20)]
    await asyncio.sleep(0.1)
    asked.gate.set()
    answers = await asyncio.gather(*waiting)
    assert len({id(answer) for answer in answers}) == len(asked.questions) == 1


async def test_of_a_job_that_has_ended_the_answer_holds_longer() -> None:
    asked = Asked({"phase": "succeeded"})
    await asked.readings.answer(question())
    asked.now = ENDED - 0.1
    await asked.readings.answer(question())
    assert len(asked.questions) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ForbiddenError("Reading jobs takes a role.\nDetails.", reply(403)), "Reading jobs takes a role."),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
async def test_a_failure_is_an_answer_and_is_kept_for_a_while(error: Exception, said: str) -> None:
    asked = Asked(error)
    for _ in range(3):
        answer = await asked.readings.answer(question())
        assert answer is not None
        assert (answer.value, answer.error) == (None, said)
    assert len(asked.questions) == 1
    asked.now, asked.value = FAILED, {"phase": "active"}
    answer = await asked.readings.answer(question())
    assert answer is not None
    assert answer.error is None


async def test_who_waits_for_too_long_is_told_so_and_finds_the_answer_later() -> None:
    asked = Asked()
    asked.gate.clear()
    assert await asked.readings.answer(question(), patience=0.05) is None
    asked.gate.set()
    answer = await asked.readings.answer(question())
    assert answer is not None
    assert len(asked.questions) == 1


async def test_a_slow_service_holds_few_threads_and_few_who_wait() -> None:
    asked = Asked()
    asked.gate.clear()
    names = [f"j{number}" for number in range(THREADS + MOST_WAITING + 20)]
    waiting = [asyncio.create_task(asked.readings.answer(question(name=name), patience=20)) for name in names]
    while len(asked.questions) < THREADS:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    assert len(asked.questions) == THREADS
    assert sum(one.done() for one in waiting) == 20
    asked.gate.set()
    answers = await asyncio.gather(*waiting)
    assert sum(answer is None for answer in answers) == 20
    assert len(asked.threads) == THREADS


async def test_answers_are_forgotten_from_the_oldest_on() -> None:
    asked = Asked()
    for number in range(MOST_KEPT + 1):
        await asked.readings.answer(question(name=f"j{number}"))
    asked.questions.clear()
    await asked.readings.answer(question(name=f"j{MOST_KEPT}"))
    assert asked.questions == []
    await asked.readings.answer(question(name="j0"))
    assert len(asked.questions) == 1


def test_parts_and_workspaces_are_told_apart() -> None:
    other = Question.of("job", "j", WORKSPACE | {"workspace_name": "w"})
    assert len({question(), question("log"), question(name="k"), other}) == 4
    assert set(readings.FLOWS) == set(FRESH)


async def test_a_job_is_read_through_the_hook(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_azureml.hooks.azureml import AzureMLHook

    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", emulator["airflow_connection"])
    spec = {"type": "command", "command": "echo said by the job", "environment": {"image": "docker.io/python"}}
    hook = AzureMLHook()
    name = hook.create_job(spec, "read-by-a-page").name
    hook.wait_for_job(name, timeout=60)
    workspace = {"azureml_conn_id": "azureml_default"}
    found = {part: await readings.READINGS.answer(Question.of(part, name, workspace), 60) for part in FRESH}
    assert {part: answer and answer.error for part, answer in found.items()} == dict.fromkeys(FRESH)
    assert found["job"].value["status"] == "Completed"  # type: ignore[union-attr]
    assert found["log"].value.endswith("said by the job")  # type: ignore[union-attr]
    assert [row["name"] for row in found["attempts"].value] == [name]  # type: ignore[union-attr]
