"""The jobs of a DAG run that has got another start, since it was set to *queued* while it ran.

The start is part of a job's name, so that a DAG run that is deleted and made again has jobs of its own. But a running
one that is set to *queued* gets another start as well (``models/dagrun.py: set_state``), and its tasks go on as they
are: a retry would not find the job that an earlier try has put, and submit another.

Its tags tell. Beside what names the task they hold what the deleted run cannot have in common with the next one, nor
another Airflow with this one, and what a *Clear* changes: the id of the task's trace (3.2 and later), or the start of
the try in microseconds, which the database keeps for each try (2.11). On 3.0 and 3.1 there is nothing such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_azureml.lifecycle.attempts.run_search import found_or_none
from airflow_azureml.lifecycle.naming import STARTED_TAG, TRACE_TAG, JobIdentity, attempt_of, facts_of
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.rest import history
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace


def may_be_elsewhere(identity: JobIdentity) -> bool:
    """Whether an earlier try can have put a job for this generation."""
    return identity.facts.try_number - identity.facts.generation > 1


def with_earlier_start(ws: Workspace, experiment: str | None, identity: JobIdentity) -> Steps[JobIdentity]:
    """The identity with the start that the DAG run had when an earlier try put its job; itself where there is none.

    One request, and two for the address of run history where it is not known yet, for retries whose job is not there
    under their own names. A service that does not answer keeps nobody from going on: the news say so.

    :param experiment: of the task's jobs; None where the request names none.
    :raises SettingsError: the connection is wrong.
    """
    facts = identity.facts
    tag, values = (TRACE_TAG, (facts.trace_id,)) if facts.trace_id else (STARTED_TAG, facts.try_starts)
    if experiment is None or not values:
        return identity
    # All tasks of a DAG run share a trace, and thousands of them may be mapped.
    mapped = {"airflow_map_index": facts.map_index} if facts.map_index >= 0 else {}
    search = history.tagged(ws, experiment, *({tag: value, **mapped} for value in values))
    runs = yield from found_or_none(search, "a job from before the DAG run was set to queued")
    found = max(_same_but_for_start(runs, identity), default=None, key=lambda one: one.tags(1)["airflow_run_started"])
    if found is None:
        return identity
    yield News(Warned(f"The DAG run has got another start since Azure ML job {found.name(1)} was submitted."))
    return found


def _same_but_for_start(runs: tuple[Run, ...], identity: JobIdentity) -> Iterator[JobIdentity]:
    """The identities of jobs of the same task and generation."""
    for run in runs:
        said, attempt = facts_of(run.tags), attempt_of(run.tags)
        if said is None or attempt is None or said.run_started is None:
            continue
        older = replace(identity, facts=replace(identity.facts, run_started=said.run_started))
        if run.id == older.name(attempt) and not older.differing(run.tags, attempt):
            yield older
