"""What becomes of a job when its task is told to end: the page that users read and the code that decides are one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from airflow_azureml.lifecycle.task_fate import (
    FATES,
    NO_ANSWER,
    NO_STATE,
    PARKED,
    TIME_IS_UP,
    Fate,
    Where,
    decide,
    seconds_to_end,
)

PAGE = Path(__file__).parents[2] / "docs" / "when-tasks-end.md"
WORDS = {"canceled": Fate.CANCEL, "left alone": Fate.LEAVE}
PLACES = {"While a task waits on a worker": Where.WORKER, "While a task is deferred": Where.TRIGGER}
ENDED_PROCESSES = list(PLACES.values())
SWEEP = "Orphans"
RUN_OVER = "the DAG run has ended"
NO_PROCESS = "When no process holds the task"
NOT_TOLD = {"the operator is not told: left alone", "the trigger is not told: left alone", "does not exist"}
LINES = ["2.11", "3.0 to 3.2", "3.3", "3.4"]


class Cell(NamedTuple):
    """What one line of Airflow does in one case."""

    case: str
    line: str
    text: str


def tables() -> Iterator[tuple[str, list[list[str]]]]:
    """The tables of the page: the heading above each, and its rows, the head first."""
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        for table in re.findall(r"(?:^\|.*\|\n)+", section, re.MULTILINE):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
            yield section.partition("\n")[0], [rows[0], *rows[2:]]


def cells(heading: str) -> list[Cell]:
    """The cells of the one table below a heading."""
    ((head, *rows),) = [table for above, table in tables() if above == heading]
    assert head[1:] == LINES
    return [Cell(row[0], line, text) for row in rows for line, text in zip(LINES, row[1:], strict=True)]


def answers() -> Iterator[tuple[str, str, str]]:
    """The rows of the table of answers: each word, what it means on a worker and what in the triggerer."""
    ((_, *rows),) = [table for above, table in tables() if above.startswith("What is asked")]
    for said, worker, trigger in rows:
        for word in re.findall(r"`([a-z_ ]+)`", said) or ["a word of tomorrow"]:
            if word not in ("execution_timeout",):
                yield word, worker, trigger


@pytest.mark.parametrize(("said", "worker", "trigger"), answers())
def test_the_page_says_what_each_answer_means(said: str, worker: str, trigger: str) -> None:
    assert (decide(Where.WORKER, said), decide(Where.TRIGGER, said)) == (WORDS[worker], WORDS[trigger])


@pytest.mark.parametrize("where", ENDED_PROCESSES)
def test_the_page_knows_every_answer_that_the_code_knows(where: Where) -> None:
    assert {said for said, _, _ in answers()} - {"a word of tomorrow"} == set(FATES[where])


@pytest.mark.parametrize(
    ("where", "cell"),
    [(PLACES[heading], cell) for heading in PLACES for cell in cells(heading)],
    ids=lambda value: f"{value.case[:40]}-{value.line}" if isinstance(value, Cell) else value.value,
)
def test_each_case_on_each_line_ends_as_the_page_says(where: Where, cell: Cell) -> None:
    if cell.text in NOT_TOLD:
        return  # no code of ours runs: nothing can be canceled
    told = re.fullmatch(r"(?:`[a-z_ ]+`: (?:canceled|left alone)(?:, |$))+", cell.text)
    assert told, f"{cell.case}, {cell.line}: {cell.text!r} is not read by this test"
    for said, becomes in re.findall(r"`([a-z_ ]+)`: (canceled|left alone)", cell.text):
        assert said in FATES[where]
        assert decide(where, said) is WORDS[becomes], f"{cell.case}, {cell.line}"


def test_where_no_process_holds_the_task_marks_alone_are_noticed_and_by_the_api_server() -> None:
    noticed = {(cell.case, cell.line) for cell in cells(NO_PROCESS) if cell.text == "the API server is told: canceled"}
    cases = {cell.case for cell in cells(NO_PROCESS)}

    assert {cell.text for cell in cells(NO_PROCESS)} == {
        "no process is told: left alone",
        "the API server is told: canceled",
    }
    assert noticed == {(case, line) for case in cases for line in LINES[1:] if "dagrun_timeout" not in case}


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("said", [NO_ANSWER, "a_state_of_tomorrow", "up_for_retry", "deferred", ""])
def test_silence_and_what_no_user_said_end_no_job(where: Where, said: str) -> None:
    assert decide(where, said) is Fate.LEAVE


def test_the_page_says_which_states_make_an_orphan() -> None:
    ((_, *rows),) = [table for above, table in tables() if above == SWEEP]
    page = {
        word: WORDS[becomes] for said, becomes in rows if RUN_OVER not in said for word in re.findall(r"`(.+?)`", said)
    }
    over = {word: becomes for said, becomes in rows if RUN_OVER in said for word in re.findall(r"`(.+?)`", said)}

    assert page == FATES[Where.SWEEP]
    assert over == dict.fromkeys(PARKED, "canceled: no try follows")
    assert decide(Where.SWEEP, "a word of tomorrow") is Fate.LEAVE


@pytest.mark.parametrize("where", ENDED_PROCESSES)
@pytest.mark.parametrize("said", ["failed", "success", "skipped", "restarting", NO_STATE, TIME_IS_UP])
def test_what_airflow_or_a_user_ended_ends_its_job(where: Where, said: str) -> None:
    assert decide(where, said) is Fate.CANCEL


@pytest.mark.parametrize(
    ("release", "seconds"), [((2, 11), 60), ((3, 0), 5), ((3, 2), 5), ((3, 3), 5), ((3, 4), 60), ((4, 0), 60)]
)
def test_the_time_to_sigkill_is_the_lines_own(release: tuple[int, int], seconds: float) -> None:
    assert seconds_to_end(release, 60.0) == seconds
    assert seconds_to_end(release, 1.0) == 5
