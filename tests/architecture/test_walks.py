"""The profiler that counts the files a value passes counts those that had it, and no others."""

from __future__ import annotations

from airflow_azureml.lifecycle.submission import Attempt, Prepared, put
from airflow_azureml.rest import jobs, status
from airflow_azureml.rest.flow import Reply
from airflow_azureml.rest.ids import Workspace, parse_asset
from airflow_azureml.rest.jobs import Job
from benchmarks.tracing import Trace


def test_a_file_that_has_the_value_counts_and_one_that_runs_without_it_does_not() -> None:
    trace = Trace("walking")
    trace.begin()
    parse_asset("azureml:walking:1")
    status.phase("Running")
    trace.end()
    assert set(trace.passed) == {"airflow_azureml/rest/ids.py"}
    assert trace.ran == {"airflow_azureml/rest/ids.py", "airflow_azureml/rest/status.py"}


def test_a_value_inside_of_a_record_counts_and_what_was_there_before_does_not() -> None:
    before = Workspace("walking", "g", "w")
    trace = Trace("walking")
    trace.begin()
    assert before.path
    Job.from_reply(Reply(200, body=b'{"name": "walking", "properties": {"status": "Running"}}'))
    trace.end()
    assert {"airflow_azureml/rest/jobs.py", "airflow_azureml/rest/flow.py"} <= trace.direct
    assert "airflow_azureml/rest/status.py" not in trace.passed


def test_who_hands_the_value_on_passes_it_and_who_looks_at_it_does_not() -> None:
    ws = Workspace("s", "g", "w")
    prepared = Prepared({"properties": {"command": "walking"}})
    trace = Trace("walking")
    trace.begin()
    begun = next(put(ws, Attempt("name"), prepared, lambda: jobs.find(ws, "name")))
    trace.end()
    assert begun
    assert trace.passes == {
        "airflow_azureml/lifecycle/submission.py": "put",
        "airflow_azureml/rest/jobs.py": "create",
    }

    trace = Trace("walking")
    trace.begin()
    assert not status.is_being_canceled("walking")
    trace.end()
    assert trace.direct == {"airflow_azureml/rest/status.py"}
    assert not trace.passes
