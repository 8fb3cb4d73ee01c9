"""One task, one job, where the service chooses the job's name: the POST that invokes a batch endpoint.

Each POST that arrives starts a job of its own, and a job's name is known only from the answer. So the request carries a
*mark*, ``airflow_invocation`` in ``properties.properties``, which is the name that our job would have had; it differs
for every task instance, generation and attempt. What is guaranteed, and how:

* **A try sends the POST once**, and again only when nothing can have come of it: the host was not reached, or the
  service answered 429. Every other 4xx is a refusal, and raised.
* **After an unclear answer** (5xx, 408, none, one without a job's name) the job is looked for by its mark,
  for a minute: in the run history of the experiment since the call, then in the list of jobs. Found, it is the job of
  this task. Not found, ``AmbiguousInvocationError``, which is not retried.
* **A later try**, and the first try of a later generation, look before they POST. Airflow's own retries stay in their
  generation, and each try before this one has sent at most one POST that may have made a job; so when as many jobs
  carry marks of this task instance as there were tries, none can be hidden, and the last one decides as it does for all
  jobs (active or succeeded: it is the job; failed or canceled: the next attempt). Fewer: a job may not be listed yet,
  and the look goes on for a minute. A generation's first try has nothing of its own to find and looks once.

Where the service drops the mark, a job of ours looks like a stranger's. Then every job of the endpoint (and
deployment; with other inputs, where the service shows them) counts that carries no mark at all and was made since the
DAG run began, by whomever: what follows holds whoever made it.

* *The process dies, or the answer is lost, after the job was made*: the next try, or the look after the answer, sees an
  unmarked job that is active or succeeded: ``AmbiguousInvocationError``. No second job; a person decides.
* *The job failed or was canceled, and Airflow retries*: an unmarked job that ended so is no obstacle, as our own would
  not, so the next attempt is sent (after the minute in which another one might still appear).
* *Clear*: the jobs of earlier generations that have ended are no obstacle, for a Clear of a finished task starts a new
  job; an unmarked one that is still active may be the earlier generation's, which cannot be determined and so cannot be
  canceled: ``AmbiguousInvocationError``, naming it.
* *Nothing was made*: no job is there, marked or not, and the next try sends its POST.

What cannot be seen cannot be decided: a service that drops the mark *and* lists a job more than a minute late may get a
second one from a retry that follows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from airflow_azureml.lifecycle.batch.ambiguous_post import (
    is_throttled,
    since_answer,
    since_call,
    was_not_sent,
)
from airflow_azureml.lifecycle.batch.earlier_tries import EarlierTries, began
from airflow_azureml.lifecycle.batch.input_diff import certainly_differ
from airflow_azureml.lifecycle.batch.job_search import MARK, FoundJob, SearchResult, look
from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.batch.target import Target
from airflow_azureml.lifecycle.naming import JobIdentity
from airflow_azureml.lifecycle.news import InvocationTrouble, Invoked, Invoking, MayStart
from airflow_azureml.lifecycle.resume import Found
from airflow_azureml.lifecycle.submission import PAUSES, back_off
from airflow_azureml.rest import endpoints, jobs
from airflow_azureml.rest.errors import (
    AmbiguousInvocationError,
    AzureMLError,
    ServiceError,
    TransientError,
    TransientServiceError,
)
from airflow_azureml.rest.flow import Flow, Json, News, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case

LOOK_FOR = 60.0
"""Seconds for which a job is looked for that may not be listed yet."""

LOOK_PAUSES = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0)
"""Seconds between two looks; the last one goes on."""

Clock = Callable[[], float]
"""Tells epoch seconds."""

Request = Callable[[], Flow[Mapping[str, Json]]]
"""Makes the body, ``{"properties": {…}}``; called only when something must be sent, for it may upload files."""


def invoke_once(
    ws: Workspace,
    identity: JobIdentity,
    target: Target,
    request: Request,
    *,
    clock: Clock,
    ends_with_task: bool = True,
) -> Steps[Found]:
    """Find the job of this task, or invoke the endpoint.

    On its way it reports ``Invoking``, ``Invoked``, ``InvocationTrouble`` and ``MayStart`` as news.

    :param ends_with_task: the job ends with its task; else nothing is outstanding that anybody would end.
    :raises AmbiguousInvocationError: a job may have been made that cannot be recognised as ours.
    :raises TransientError: nothing was sent, and trying again later may help.
    :raises ServiceError: the service refuses the invocation, or does not let us look for earlier ones.
    """
    invocation = _Invocation(ws, identity, target, request, clock)
    return (yield from invocation.run(ends_with_task))


class _Invocation:
    """One try of one task to have its job."""

    def __init__(self, ws: Workspace, identity: JobIdentity, target: Target, request: Request, clock: Clock) -> None:
        self.ws = ws
        self.identity = identity
        self.target = target
        self.request = request
        self.clock = clock
        self.body: Mapping[str, Json] | None = None

    def run(self, ends_with_task: bool) -> Steps[Found]:
        """Take the job that is there, or start the one that is missing."""
        past = EarlierTries(self.identity, all_seen=True)
        if not self.identity.facts.is_first_run:
            past = yield from self.look_back()
        target = self.target
        outstanding = Outstanding.of(past.identity, target.endpoint, target.experiment, hidden=not past.all_seen)
        if ends_with_task:
            yield News(MayStart(outstanding.to_dict()))
        late = outstanding.of_earlier if ends_with_task else None
        if past.usable is not None:
            attempt, row = past.usable
            return Found((yield from self.read(row)), attempt, submitted=False, late=late)
        mark = past.identity.name(past.next)
        return Found((yield from self.start(mark)), past.next, submitted=True, late=late)

    def look_back(self) -> Steps[EarlierTries]:
        """Look for what earlier tries and generations left.

        :raises AmbiguousInvocationError: a job without a mark may be theirs.
        """
        facts = self.identity.facts
        first = facts.try_number <= facts.generation + 1 and facts.reschedules == 0

        def settled(seen: SearchResult) -> bool:
            past = EarlierTries.among(seen, self.identity)
            return past.all_seen or past.usable is not None

        why = "an earlier try of this task may have invoked it."
        seen = yield from self.look(began(self.identity), 0.0 if first else LOOK_FOR, settled, why)
        if seen.nothing_readable:
            raise seen.troubles[0]
        past = EarlierTries.among(seen, self.identity)
        if past.usable is None and not past.all_seen:
            strangers = [row for row in seen.unmarked if (row.is_active if first else row.is_usable)]
            may_be_ours = yield from self.alike(strangers)
            if may_be_ours:
                raise self.ambiguous("An earlier try of this task may have invoked it.", may_be_ours)
        return past

    def start(self, mark: str) -> Steps[Job]:
        """Send the POST, and find out what came of it."""
        body = _marked((yield from self.filled()), mark)
        call = endpoints.invoke(self.target.scoring_uri, body, self.target.deployment)
        pauses = iter(PAUSES)
        while True:
            called_at = self.clock()
            yield News(Invoking(self.target.endpoint, mark))
            try:
                job = yield from call
            except TransientError as error:
                submission = yield from self.after(error, mark, called_at, pauses)
                if submission is None:
                    continue
                job = submission
            yield News(Invoked(job.name))
            return replace(job, experiment_name=job.experiment_name or self.target.experiments[-1])

    def after(self, error: TransientError, mark: str, called_at: float, pauses: Iterator[float]) -> Steps[Job | None]:
        """Decide after a POST that brought no job's name: the job that it made all the same, None to send it again.

        :raises AmbiguousInvocationError: it may have made one.
        """
        if was_not_sent(error):
            yield from back_off(error, pauses)
            return None
        if isinstance(error, TransientServiceError) and is_throttled(error):
            return (yield from self.after_throttling(error, mark, since_answer(error, called_at, self.clock()), pauses))
        seen = yield from self.look(since_call(called_at), LOOK_FOR, lambda seen: _marked_so(seen, mark), str(error))
        for row in seen.found:
            if row.mark == mark:
                return (yield from self.read(row))
        strangers = yield from self.alike(seen.unmarked)
        raise self.ambiguous(str(error), strangers, seen.troubles)

    def after_throttling(
        self, error: TransientServiceError, mark: str, since: datetime, pauses: Iterator[float]
    ) -> Steps[Job | None]:
        """Rest for as long as the service asks, and look once whether it has acted all the same.

        :raises AmbiguousInvocationError: a job without a mark has come up since the call.
        :raises ServiceError: no rest is left, or there is no looking.
        """
        yield from back_off(error, pauses)
        seen = yield from self.look(since, 0.0, lambda seen: True)
        if seen.nothing_readable:
            raise error from None
        for row in seen.found:
            if row.mark == mark:
                return (yield from self.read(row))
        strangers = yield from self.alike(seen.unmarked)
        if strangers:
            raise self.ambiguous(str(error), strangers)
        return None

    def look(
        self, since: datetime | None, seconds: float, settled: Callable[[SearchResult], bool], why: str = ""
    ) -> Steps[SearchResult]:
        """Look until it is enough, or for so many seconds; at the end thoroughly.

        :param why: the reason to report meanwhile.
        """
        until = self.clock() + seconds
        pauses = iter(LOOK_PAUSES)
        while True:
            last = self.clock() >= until
            seen = yield from look(self.ws, self.target, since, thorough=last)
            if last or settled(seen):
                return seen
            if why:
                yield News(InvocationTrouble(self.target.endpoint, why, until - self.clock()))
                why = ""
            yield Pause(min(next(pauses, LOOK_PAUSES[-1]), max(until - self.clock(), 0.0)))

    def read(self, row: FoundJob) -> Steps[Job]:
        """Read a job that was seen; ARM may not know it yet."""
        yield News(Invoked(row.name))
        job = yield from jobs.find(self.ws, row.name)
        return job or Job(row.name, row.status, "Pipeline", experiment_name=self.target.experiments[-1])

    def filled(self) -> Steps[Mapping[str, Json]]:
        """Make the body, once."""
        if self.body is None:
            self.body = yield from self.request()
        return self.body

    def alike(self, strangers: Iterable[FoundJob]) -> Steps[tuple[FoundJob, ...]]:
        """Leave out those whose inputs the service shows to be others than ours."""
        alike_jobs: tuple[FoundJob, ...] = ()
        for row in strangers:
            try:
                job = yield from jobs.find(self.ws, row.name)
            except ServiceError:
                job = None
            shown = get_any_case(job.raw, "properties", "inputs") if job is not None else None
            if shown and certainly_differ(shown, get_any_case((yield from self.filled()), "properties", "inputData")):
                continue
            alike_jobs = (*alike_jobs, row)
        return alike_jobs

    def ambiguous(
        self, why: str, strangers: Sequence[FoundJob], troubles: Sequence[AzureMLError] = ()
    ) -> AmbiguousInvocationError:
        """The error that is not retried."""
        parts = [f"Cannot determine whether batch endpoint {self.target.endpoint} has a job of this task: {why}"]
        if strangers:
            shown = ", ".join(f"{row.name} ({row.status})" for row in strangers[:5])
            parts.append(f"Unmarked jobs that may be it: {shown}{', …' if len(strangers) > 5 else ''}.")
        else:
            parts.append("No job with the task's mark is listed.")
        parts += [f"Some jobs could not be listed: {trouble}" for trouble in troubles[:1]]
        parts.append("Nothing was sent again: check the endpoint's jobs, then clear the task to invoke it again.")
        return AmbiguousInvocationError(" ".join(parts))


def _marked(body: Mapping[str, Json], mark: str) -> dict[str, Json]:
    """The body with the mark; nothing else of it is changed."""
    properties = body.get("properties") or {}
    return {**body, "properties": {**properties, "properties": {**(properties.get("properties") or {}), MARK: mark}}}


def _marked_so(seen: SearchResult, mark: str) -> bool:
    return any(row.mark == mark for row in seen.found)
