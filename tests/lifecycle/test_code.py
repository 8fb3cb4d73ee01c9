"""The hash of a job's code in its tags, and what is said where a later job of a task has other code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.naming import JobIdentity, identify
from airflow_azureml.lifecycle.needs.code_hash import CODE_TAG, code_tags
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.lifecycle.resume import find_or_submit
from airflow_azureml.lifecycle.submission import Prepared
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.jobs import Job
from tests.lifecycle.service import Service
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, Drive, job_json

IDENTITY = identify(FACTS)
COMMAND = {"type": "command", "command": "x", "environment": "azureml:e:1"}


def tags_of(job: dict[str, Any], folder: Path) -> dict[str, str]:
    return code_tags(translate(load(job, folder=str(folder)), WS))


def test_it_goes_by_the_content_of_the_code_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text("1")
    one, two = (tags_of({**COMMAND, "code": name}, tmp_path) for name in ("a", "b"))
    assert one == two != {}
    assert tags_of({**COMMAND, "code": "a", "command": "y"}, tmp_path) == one
    (tmp_path / "a" / "main.py").write_text("2")
    assert tags_of({**COMMAND, "code": "a"}, tmp_path) != one
    assert tags_of(COMMAND, tmp_path) == {}


def test_a_pipeline_has_one_for_all_its_code(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text(name)
    steps = {name: {**COMMAND, "code": name} for name in ("a", "b")}
    pipeline = {"type": "pipeline", "jobs": steps, "settings": {"default_compute": "azureml:c"}}
    one = tags_of(pipeline, tmp_path)
    assert len(one[CODE_TAG]) == 64
    (tmp_path / "b" / "main.py").write_text("c")
    assert tags_of(pipeline, tmp_path) != one


def said(first: dict[str, str], second: dict[str, str], now: dict[str, str]) -> list[str]:
    """What is said of a third job beside two that have failed."""
    jobs = {
        IDENTITY.name(number): job_json(IDENTITY.name(number), "Failed", tags={**IDENTITY.tags(number), **tags})
        for number, tags in ((1, first), (2, second))
    }

    def request(identity: JobIdentity, last: Job | None) -> Steps[Prepared]:
        yield from ()
        return Prepared({"properties": {"command": "x"}}, tags=now)

    drive = Drive(Service(jobs))
    found = drive.run(find_or_submit(WS, IDENTITY, request))
    assert found.job.tags.get(CODE_TAG) == now.get(CODE_TAG)
    return [news.message for news in drive.news if isinstance(news, Warned)]


A, B, NONE = {CODE_TAG: "a" * 64}, {CODE_TAG: "b" * 64}, dict[str, str]()


@pytest.mark.parametrize(("first", "second", "now"), [(A, A, B), (A, B, B), (A, A, NONE)])
def test_other_code_than_the_first_job_s_is_told(first: Any, second: Any, now: Any) -> None:
    (text,) = said(first, second, now)
    assert f"first job {IDENTITY.name(1)}: its hash was aaaaaaaaaaaa, now" in text


@pytest.mark.parametrize(("first", "second", "now"), [(A, A, A), (A, B, A), (NONE, NONE, A), (NONE, NONE, NONE)])
def test_the_same_code_is_not(first: Any, second: Any, now: Any) -> None:
    """A job of an older release has no such tag: nothing is known of its code."""
    assert said(first, second, now) == []
