"""Whose jobs may share a request: what a workspace refuses is found out once, and remembered for a while."""

from __future__ import annotations

import pytest

from airflow_azureml.lifecycle.pacing.groups import REMEMBERED_FOR, SUSPENDED_FOR, WORKSPACE, Groups
from airflow_azureml.lifecycle.pacing.requests import Verdict, judge
from airflow_azureml.rest.errors import (
    AuthenticationError,
    AzureMLError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    TransientServiceError,
    UnreachableError,
)
from tests.rest.driving import reply


def test_the_whole_workspace_is_asked_first_then_experiments_then_jobs() -> None:
    groups = Groups()
    assert groups.of("e", 0) == WORKSPACE
    groups.refused(WORKSPACE, 0)
    assert (groups.of("e", 1), groups.of(None, 1)) == ("e", None)
    groups.refused("e", 2)
    assert [groups.of(name, 3) for name in ("e", "f", None)] == [None, None, None]


def test_what_was_refused_is_tried_again_after_a_while() -> None:
    groups = Groups()
    groups.refused(WORKSPACE, 100)
    groups.refused("e", 200)
    assert groups.of("e", 99 + REMEMBERED_FOR) is None
    assert groups.of("e", 100 + REMEMBERED_FOR) == WORKSPACE


def test_one_experiment_speaks_for_itself_where_others_were_answered() -> None:
    groups = Groups()
    groups.refused(WORKSPACE, 0)
    groups.answered("f")
    groups.refused("e", 1)
    assert (groups.of("e", 2), groups.of("f", 2)) == (None, "f")


def test_run_history_out_of_reach_is_left_alone_for_a_while() -> None:
    groups = Groups()
    assert not groups.failed(WORKSPACE, 0)
    assert groups.failed(WORKSPACE, 1)
    assert not groups.answered(None), "jobs alone are answered: it is run history that is away"
    assert groups.of("e", SUSPENDED_FOR) is None
    assert groups.of("e", 1 + SUSPENDED_FOR) == WORKSPACE


def test_after_a_bad_spell_of_everything_run_history_is_asked_at_once() -> None:
    groups = Groups()
    groups.failed(WORKSPACE, 0)
    groups.failed(WORKSPACE, 1)
    groups.failed(None, 2)
    assert groups.of(None, 3) is None
    assert groups.answered(None)
    assert groups.of(None, 3) == WORKSPACE


def test_an_answer_ends_the_count_of_failures() -> None:
    groups = Groups()
    groups.failed(WORKSPACE, 0)
    groups.answered(WORKSPACE)
    assert not groups.failed(WORKSPACE, 1)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (BadRequestError("", reply(400)), Verdict.TOO_LARGE),
        (BadRequestError("", reply(413)), Verdict.TOO_LARGE),
        (BadRequestError("", reply(405)), Verdict.REFUSED),
        (BadRequestError("", reply(501)), Verdict.REFUSED),
        (NotFoundError("", reply(404)), Verdict.REFUSED),
        (ForbiddenError("", reply(403)), Verdict.REFUSED),
        (TransientServiceError("", reply(429)), Verdict.THROTTLED),
        (TransientServiceError("", reply(503)), Verdict.THROTTLED),
        (TransientServiceError("", reply(500)), Verdict.FAILED),
        (UnreachableError(""), Verdict.FAILED),
        (AuthenticationError(""), Verdict.FAILED),
    ],
)
def test_what_a_failure_says(error: AzureMLError, verdict: Verdict) -> None:
    assert judge(error) is verdict
