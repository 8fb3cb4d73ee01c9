"""The list of jobs: search, filters, pages."""

from __future__ import annotations

import pytest

from azureml_emulator.jobs.models import Job
from azureml_emulator.studio.listing import ON_A_PAGE, Search, listing
from tests.emulator.conftest import Call, wait_for_job
from tests.emulator.studio.pages import EVIL, get, put
from tests.emulator_fixture import RunningEmulator


def job(name: str, status: str = "Completed", kind: str = "Command", node: str | None = None, **more: object) -> Job:
    return Job(name, {"experimentName": "churn", "jobType": kind, **more}, status, node=node)


JOBS = [
    job("one", "Failed", displayName="Forest of TREES"),
    job("two", tags={"owner": "ann"}),
    job("step", "Running", node="prepare"),
    job("three", "Running", "Pipeline"),
    job("four", "Queued", "Sweep"),
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["four", "three", "two", "one"]),
        ({"q": "trees FOREST"}, ["one"]),
        ({"q": "trees ann"}, []),
        ({"q": "owner ann"}, ["two"]),
        ({"q": "churn", "type": "Sweep"}, ["four"]),
        ({"status": "Running"}, ["three"]),
        ({"status": "active", "parts": "1"}, ["four", "three", "step"]),
        ({"status": "nonsense", "page": "-3"}, ["four", "three", "two", "one"]),
        ({"page": "999"}, ["four", "three", "two", "one"]),
    ],
)
def test_a_search_finds_the_newest_first(query: dict[str, str], names: list[str]) -> None:
    found = listing(JOBS, Search.of(query))
    assert [each.name for each in found.jobs] == names


def test_statuses_are_counted_whatever_status_is_looked_for() -> None:
    found = listing(JOBS, Search.of({"status": "Failed"}))
    assert found.counts == {"Queued": 1, "Running": 1, "Completed": 1, "Failed": 1}
    assert found.kinds == ["Command", "Pipeline", "Sweep"]


def test_long_lists_have_pages() -> None:
    many = [job(f"job-{number}") for number in range(ON_A_PAGE + 1)]
    first, second = (listing(many, Search.of({"page": page})) for page in ("1", "2"))
    assert (first.total, first.pages, len(first.jobs)) == (ON_A_PAGE + 1, 2, ON_A_PAGE)
    assert [each.name for each in second.jobs] == ["job-0"]


def test_the_page_keeps_what_was_asked_for(emulator: RunningEmulator, call: Call) -> None:
    name = put(call, "true", displayName=EVIL)
    wait_for_job(call, name)
    text = get(emulator, f"/?q={name}&status=Completed&type=Command").text
    assert f'value="{name}"' in text
    assert "<option selected>Completed</option>" in text
    assert "<option selected>Command</option>" in text
    assert f'href="/?q={name}&amp;status=Completed&amp;type=Command" aria-current="true"' in text
    assert text.count('<a href="/runs/') == 1
    assert "No job fits." in get(emulator, f"/?q={name}&status=Failed").text
    evil = get(emulator, "/?q=%22%3E%3Cscript%3E&type=%22%3E%3Cscript%3E").text
    assert '"><script>' not in evil
