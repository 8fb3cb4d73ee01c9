"""The jobs of loop iterations that a *Clear* has replaced, where no process was left to end them.

A *Clear* of an iteration of a Task Loop (Airflow 3.4) that takes the later ones along throws these away: the loop goes
on in another region, whose iterations are new task instances (``airflow/models/dynamic_region.py`` of 3.4.0b2,
``fork_family``). Who waits for a job of an iteration that is thrown away is told to end, and cancels it. Where nobody
was there to be told (a worker or triggerer that had died, a task that waited for its retry), the job goes on, and its
name cannot be worked out: Airflow does not say which region another one replaces.

Its tags tell. A region that replaces another one is made later, at an index from which on the older one no longer
counts; without a *Clear* later regions hold later iterations only. So of the same task in the same DAG run, a job of
an older region with an equal or a later index is one that was replaced. That holds for mapped tasks, whose regions are
made anew for each iteration, as well. (3.4 refuses loops inside of mapped task groups, for which it would not hold.)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from airflow_azureml.lifecycle.attempts.run_search import found_or_none
from airflow_azureml.lifecycle.cancellation import cancel
from airflow_azureml.lifecycle.naming import IDENTITY_TAGS, LOOP_TAGS, JobIdentity
from airflow_azureml.lifecycle.news import IterationReplaced
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.rest import history
from airflow_azureml.rest.errors import AzureMLError, SettingsError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.status import Phase, is_being_canceled, phase

SKEW = timedelta(minutes=10)
"""By how much Airflow's clock may be ahead of the service's."""

ONE_MOMENT = 1000
"""Milliseconds: regions that are made together, as when a DAG changes while it runs, are in no order. Between an
iteration that has a job and the one that replaces it lies the start of a process at least."""

_SAME_TASK = IDENTITY_TAGS[:4]
"""The tags that all jobs of one task in one DAG run share."""


def cancel_replaced(ws: Workspace, identity: JobIdentity, experiment: str | None) -> Steps[None]:
    """Cancel what is active of iterations that this one, or one before it, has replaced, and report each in the news.

    One request for 500 jobs of the experiment since the DAG run began, mostly; none for a first iteration, which never
    replaces another. A service that does not answer, or refuses a cancel, keeps nobody from going on: the news say so.

    :param experiment: of the task's jobs; None where the request names none.
    :raises SettingsError: the connection is wrong.
    """
    facts = identity.facts
    if facts.iteration is None or facts.iteration.index == 0 or facts.run_started is None or experiment is None:
        return
    search = history.created_since(ws, experiment, facts.run_started - SKEW)
    for run in (yield from found_or_none(search, "jobs of iterations that a Clear has replaced")):
        if (
            phase(run.status) is not Phase.ACTIVE
            or is_being_canceled(run.status)
            or not _is_replaced(run.tags, identity)
        ):
            continue
        try:
            canceled = yield from cancel(ws, run.id)
        except SettingsError:
            raise
        except AzureMLError as error:
            yield News(IterationReplaced(run.id, f"could not be canceled: {error}"))
        else:
            yield News(IterationReplaced(run.id, f"{canceled}."))


def _is_replaced(tags: Mapping[str, str], identity: JobIdentity) -> bool:
    """Whether a job with these tags is one of an iteration that this one, or one before it, has replaced."""
    own, expected = identity.facts.iteration, identity.tags(1)
    if own is None or any(tags.get(tag) != expected[tag] for tag in _SAME_TASK) or tags.get(OUTLIVES_TAG) == "true":
        return False
    index, place = (tags.get(tag, "") for tag in LOOP_TAGS)
    made, own_made = _made_at(place.partition("/")[0]), _made_at(own.region_id)
    if made is None or own_made is None or not index.isdecimal():
        return False
    return int(index) >= own.index and own_made - made > ONE_MOMENT


def _made_at(region_id: str) -> int | None:
    """When a region was made, in milliseconds since 1970; None where its id does not say.

    Airflow's are UUIDs of version 7 (RFC 9562, section 5.7), which begin with the time.
    """
    try:
        found = UUID(region_id)
    except ValueError:
        return None
    return found.int >> 80 if found.version == 7 else None
