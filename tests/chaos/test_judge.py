"""The judge of runs under faults: each thing that may go wrong is seen, and what is right is let be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.jobs.models import Job
from tests.chaos import judge, plan
from tests.chaos.judge import judge as judged
from tests.chaos.plan import Case, Step
from tests.chaos.service import ChaosService, dag_of

BEGAN = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
RUN = "s1-0"
PLACE = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/d/paths/out/"
URL = "https://host/account/container/out"

Make = Callable[..., ChaosService]


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(BEGAN + seconds, timezone.utc).isoformat().replace("+00:00", "Z")


def job(name: str, *walk: tuple[str, float], generation: str = "0") -> Job:
    """A job that has gone through these states, at these seconds."""
    tags = {"airflow_run_id": RUN, "airflow_run_started": "then", "airflow_generation": generation}
    made = Job(name, {"tags": tags, "experimentName": RUN}, walk[-1][0], stamp(walk[0][1]))
    made.walk = [[status, stamp(at)] for status, at in walk]
    made.outputs = {"data": {"uri": "azureml://datastores/d/paths/out/"}}
    return made


@pytest.fixture
def service(tmp_path: Path) -> Make:
    """A service whose records are these jobs; its storage holds what ``writer`` wrote."""

    def make(*jobs: Job, writer: str = "one", token: str = RUN) -> ChaosService:
        made = object.__new__(ChaosService)
        made.jobs = {one.name: one for one in jobs}

        class Kept:
            state = tmp_path

        made.service = Kept()  # type: ignore[assignment]
        place = tmp_path / "storage" / "container" / "out"
        place.mkdir(parents=True, exist_ok=True)
        (place / "content.txt").write_text(f"{token} {writer}")
        return made

    return make


def case(*acts: tuple[str, float], job_name: str = "one", state: str = "success", what: str = "settled") -> Case:
    """A case that people did these things to, at these seconds, and how it ended."""
    made = Case(0, plan.DEFERRED, RUN, [Step(plan.WAITING, act) for act, _ in acts])
    made.history = [{"what": act, "at": BEGAN + at, "outcome": "done", "state": "running"} for act, at in acts]
    output = {"path": PLACE, "https_url": URL}
    result = {"job_name": job_name, "outputs": {"data": output}}
    made.history.append({"what": what, "at": BEGAN + 99, "state": state, "result": result, "data": output})
    return made


def words(made: Case, known: ChaosService) -> list[str]:
    return [word for word, _ in judged(made, known)]


COMPLETED = job("one", ("Starting", 0), ("Running", 1), ("Completed", 9))


def test_one_job_that_completes_is_right(service: Make) -> None:
    assert words(case(), service(COMPLETED)) == []


def test_a_job_that_azure_ended_may_be_followed_by_another(service: Make) -> None:
    failed = job("zero", ("Starting", 0), ("Running", 1), ("Failed", 2))
    later = job("one", ("Starting", 3), ("Completed", 9))
    assert words(case(), service(failed, later)) == []


def test_two_completed_jobs_are_seen(service: Make) -> None:
    second = job("two", ("Starting", 10), ("Completed", 12))
    assert words(case(), service(COMPLETED, second)) == [judge.DUPLICATE]


def test_a_clear_allows_a_second_one(service: Make) -> None:
    second = job("two", ("Starting", 21), ("Completed", 22), generation="1")
    made = case((plan.CLEAR, 20), job_name="two")
    assert words(made, service(COMPLETED, second, writer="two")) == []


def test_a_clear_that_brings_the_old_result_is_seen(service: Make) -> None:
    assert words(case((plan.CLEAR, 20)), service(COMPLETED)) == [judge.UNHEARD]


def test_two_active_jobs_are_seen_also_where_one_is_canceled_later(service: Make) -> None:
    first = job("zero", ("Starting", 0), ("Running", 1), ("CancelRequested", 8), ("Canceled", 9))
    second = job("one", ("Starting", 5), ("Completed", 9), generation="1")
    assert words(case((plan.CLEAR, 3)), service(first, second)) == [judge.TWO_ACTIVE]


def test_an_older_job_that_comes_late_must_be_canceled() -> None:
    new = job("one", ("Starting", 5), ("Completed", 30), generation="1")
    goes_on = job("zero", ("Starting", 20), ("Running", 22))
    canceled = job("zero", ("Starting", 20), ("CancelRequested", 31), ("Canceled", 32))
    assert judge.overlaps([new, goes_on]) != []
    assert judge.overlaps([new, canceled]) == []


def test_an_older_job_that_is_being_finalized_takes_no_cancel(service: Make) -> None:
    first = job("zero", ("Starting", 0), ("Finalizing", 4), ("Completed", 6))
    again = job("one", ("Starting", 5), ("Completed", 9))
    cleared = job("one", ("Starting", 5), ("Completed", 9), generation="1")
    assert words(case((plan.CLEAR, 3)), service(first, cleared)) == []
    assert words(case(), service(first, again)) == [judge.DUPLICATE, judge.TWO_ACTIVE]


def test_a_job_that_was_asked_to_end_does_not_count_as_active(service: Make) -> None:
    first = job("zero", ("Starting", 0), ("CancelRequested", 4), ("Canceled", 9))
    second = job("one", ("Starting", 5), ("Completed", 9), generation="1")
    assert words(case((plan.CLEAR, 3)), service(first, second)) == []


def test_a_job_that_is_left_over_is_seen(service: Make) -> None:
    known = service(job("one", ("Starting", 0), ("Running", 1)))
    assert words(case((plan.MARK_FAILED, 3), state="failed"), known) == [judge.LEFT_OVER]


def test_an_older_job_that_a_clear_does_not_end_is_seen(service: Make) -> None:
    second = job("two", ("Starting", 21), ("Completed", 400), generation="1")
    made = case((plan.CLEAR, 20), job_name="two")
    made.history.insert(1, {"what": plan.NOT_ENDED, "at": BEGAN + 350, "jobs": ["one"]})
    first = job("one", ("Starting", 0), ("Running", 1), ("CancelRequested", 20.5), ("Canceled", 360))
    assert words(made, service(first, second, writer="two")) == [judge.LEFT_OVER]


def test_a_job_that_was_given_up_is_left_over(service: Make) -> None:
    late = job("one", ("Starting", 0), ("Running", 1), ("Completed", 400))
    made = case((plan.MARK_FAILED, 3), state="failed", what="given up")
    made.history.insert(1, {"what": plan.LEFT, "at": BEGAN + 350, "jobs": ["one"]})
    assert words(made, service(late)) == [judge.LEFT_OVER]


def test_a_mark_that_only_a_dead_api_server_knew_is_left_to_the_sweep() -> None:
    killed = [{"kind": "API server killed", "at": BEGAN + 10}]
    marked, cleared = case((plan.MARK_FAILED, 3)), case((plan.CLEAR, 3))
    assert judge.left_to_the_sweep(marked, killed)
    assert judge.left_to_the_sweep(cleared, killed) is None
    assert judge.left_to_the_sweep(case((plan.MARK_FAILED, 20)), killed) is None
    assert judge.left_to_the_sweep(marked, [{"kind": "scheduler killed", "at": BEGAN + 10}]) is None


def test_a_healthy_job_that_was_ended_is_seen(service: Make) -> None:
    canceled = job("zero", ("Starting", 0), ("CancelRequested", 2), ("Canceled", 3))
    later = job("one", ("Starting", 4), ("Completed", 9))
    assert words(case(), service(canceled, later)) == [judge.ENDED_HEALTHY]
    assert words(case((plan.CLEAR, 8)), service(canceled, later)) == [judge.ENDED_HEALTHY, judge.UNHEARD]


@pytest.mark.parametrize("wrong", [{"writer": "two"}, {"token": "other"}])
def test_content_that_is_not_the_jobs_is_seen(service: Make, wrong: dict[str, Any]) -> None:
    assert words(case(), service(COMPLETED, **wrong)) == [judge.WRONG_OUTPUT]


def test_a_step_may_take_over_what_an_earlier_one_wrote(service: Make) -> None:
    step = job("step", ("Starting", 5), ("Completed", 5))
    step.parent = "one"
    assert words(case(), service(COMPLETED, step, writer="earlier")) == [judge.WRONG_OUTPUT]
    step.reuses = "earlier"
    assert words(case(), service(COMPLETED, step, writer="earlier")) == []


def test_a_result_of_no_completed_job_is_seen(service: Make) -> None:
    assert words(case(job_name="two"), service(COMPLETED)) == [judge.WRONG_OUTPUT]


def test_a_path_that_leads_elsewhere_is_seen(service: Make) -> None:
    made = case()
    made.history[-1]["result"]["outputs"]["data"] = made.history[-1]["data"] = {"path": PLACE + "x/", "https_url": URL}
    assert words(made, service(COMPLETED)) == [judge.WRONG_OUTPUT]


def test_a_mark_that_does_not_stay_is_seen(service: Make) -> None:
    canceled = job("one", ("Starting", 0), ("CancelRequested", 4), ("Canceled", 5))
    assert words(case((plan.MARK_FAILED, 3)), service(canceled)) == [judge.UNHEARD]


def test_a_task_that_fails_without_a_reason_is_seen(service: Make) -> None:
    assert words(case(state="failed"), service(COMPLETED)) == [judge.FAILED]


def test_a_run_that_was_cut_off_is_judged_by_what_had_happened(service: Make) -> None:
    runs = job("one", ("Starting", 0), ("Running", 1))
    assert words(case(state="running", what=plan.CUT_OFF), service(runs)) == []
    second = job("two", ("Starting", 2), ("Running", 3))
    assert words(case(state="running", what=plan.CUT_OFF), service(runs, second)) == [judge.TWO_ACTIVE]


def invoked(name: str, mark: str, *walk: tuple[str, float]) -> Job:
    """A job of a batch endpoint, which has the invocation's mark and no tag of the operator's."""
    made = job(name, *walk)
    made.definition = {"tags": {"chaos_run": RUN}, "properties": {"airflow_invocation": mark}, "experimentName": "e"}
    return made


def test_jobs_of_a_batch_endpoint_are_told_by_their_marks(service: Make) -> None:
    first = invoked("one", "d-work-0a-1", ("Starting", 0), ("Completed", 2))
    again = invoked("two", "d-work-0a-2", ("Starting", 3), ("Completed", 5))
    assert words(case(), service(first, again)) == [judge.DUPLICATE]
    cleared = invoked("two", "d-work-0b-1", ("Starting", 21), ("Completed", 22))
    made = case((plan.CLEAR, 20), job_name="two")
    assert words(made, service(first, cleared, writer="two")) == []


def test_an_invocation_that_was_left_to_people_is_no_failure(service: Make) -> None:
    made = case(state="failed")
    made.history[-1]["undecided"] = True
    assert words(made, service()) == []


def sensor(*acts: tuple[str, float], state: str = "success") -> Case:
    made = case(*acts, state=state)
    made.kind = plan.SENSOR
    return made


def test_a_sensor_leaves_its_job_alone_and_takes_what_it_came_to(service: Make) -> None:
    assert words(sensor((plan.CLEAR, 20)), service(COMPLETED)) == []
    failed = job("one", ("Starting", 0), ("Failed", 2))
    assert words(sensor(state="failed"), service(failed)) == []
    assert words(sensor(), service(failed)) == [judge.WRONG_OUTPUT]
    canceled = job("one", ("Starting", 0), ("CancelRequested", 8), ("Canceled", 9))
    assert words(sensor((plan.MARK_FAILED, 3), state="failed"), service(canceled)) == [judge.ENDED_HEALTHY]


def test_the_cases_of_a_seed_are_always_the_same() -> None:
    first, again = (plan.one(7, number, False) for number in (3, 3))
    assert first == again
    kinds = {plan.one(7, number, True).kind for number in range(200)}
    assert kinds == set(plan.KINDS) - {plan.TRIGGERER}


def test_requests_are_told_by_the_names_of_their_jobs() -> None:
    assert dag_of("/subscriptions/s/jobs/chaos_deferred_03-work-0a-1") == "chaos_deferred_03"
    assert dag_of("/history/runs/dcid.chaos_worker_00-work-0a-1/x") == "chaos_worker_00"
    assert dag_of("/subscriptions/s/jobs/other-work-0a-1") is None
    assert dag_of("/scoring/chaos-batch-03/jobs") == "chaos_batch_03"
