"""The job of a task: found, or put under the next name, on the compute whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.attempts.checkpoint import with_checkpoint
from airflow_azureml.lifecycle.attempts.computes import Choices
from airflow_azureml.lifecycle.attempts.replaced_iterations import cancel_replaced
from airflow_azureml.lifecycle.attempts.requeued_runs import may_be_elsewhere, with_earlier_start
from airflow_azureml.lifecycle.computes.readiness import UnfitComputeError, place_in_list
from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.naming import JobIdentity
from airflow_azureml.lifecycle.needs.code_hash import code_tags
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.lifecycle.repair.request import repairable
from airflow_azureml.lifecycle.resume import Found, Replaced, end_earlier, find_or_submit
from airflow_azureml.lifecycle.submission import Prepared, prepare
from airflow_azureml.rest.errors import NoCapacityError, Problem
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Translation


class TaskSubmission:
    """The job of a task that is submitted by a PUT under a name of ours.

    :param choices: the job, once for each of its computes.
    :param begun: this very try has begun in another process: a job that is there is its own, however it has ended.
    :param unnamed: though it may have begun, the name of its job is not recorded, as it is before the job is put.
    :param checkpoint: the output whose folder is the same for all jobs of this generation; None for none.
    :param repair: a job that follows another one takes its finished steps over.
    """

    def __init__(
        self,
        identity: JobIdentity,
        choices: Choices,
        *,
        begun: bool = False,
        unnamed: bool = False,
        checkpoint: str | None = None,
        repair: bool = False,
    ) -> None:
        self.identity = identity
        self.repair = repair
        self.checkpoint = checkpoint
        self.choices = choices
        self.begun = begun
        self.unnamed = unnamed

    def find_or_start(self, ws: Workspace, *, cancels_earlier: bool) -> Steps[Found]:
        """Find this task's job or submit it.

        :param cancels_earlier: the job ends with its task: cancel first what earlier generations left running, and
            before a first job what was left of iterations that this one has replaced.
        """
        if not cancels_earlier:
            return (yield from self._find_or_submit(ws, None, {OUTLIVES_TAG: "true"}))
        ended = yield from end_earlier(ws, self.identity)
        found = yield from self._find_or_submit(ws, None, {})
        return found if found.late is not None else replace(found, late=ended.late)

    @property
    def _is_first_run(self) -> bool:
        """Whether no process can have put a job for this generation, as far as is known."""
        return self.identity.facts.is_first_run and (self.unnamed or not self.begun)

    def start_next(self, ws: Workspace, ended: Job, *, counts: bool = True) -> Steps[Found]:
        """Submit the job that takes the place of one that the platform has ended, or find it.

        :param ended: the job, as it ended.
        :param counts: it takes one of the try's resubmissions.
        """
        tags = {OUTLIVES_TAG: ended.tags[OUTLIVES_TAG]} if OUTLIVES_TAG in ended.tags else {}
        return (yield from self._find_or_submit(ws, Replaced(ended.name, counts), tags))

    def _find_or_submit(self, ws: Workspace, replaced: Replaced | None, tags: Mapping[str, str]) -> Steps[Found]:
        """Find the job, or submit it on the first of its computes that can run it and is not refused it."""
        beside = 0 if self.checkpoint is None else 1
        request = _Request(ws, self.choices, replaced is not None, self.identity, beside)
        experiment = self.choices.translations[0].body["properties"].get("experimentName")
        searches = replaced is not None or self.begun or may_be_elsewhere(self.identity)

        def prepared_for(identity: JobIdentity, last: Job | None) -> Steps[Prepared]:
            if last is None and OUTLIVES_TAG not in tags:
                yield from cancel_replaced(ws, identity, experiment)
            prepared = yield from request.prepare(last)
            if self.checkpoint is not None:
                prepared = yield from with_checkpoint(ws, prepared, self.checkpoint, identity.stem)
            if self.repair:
                prepared = yield from repairable(ws, prepared, last)
            return replace(prepared, tags={**tags, **self.choices.tags(request.place), **request.code_tags()})

        while True:
            try:
                return (
                    yield from find_or_submit(
                        ws,
                        self.identity,
                        prepared_for,
                        takes_ended=self.begun and replaced is None,
                        replaced=replaced,
                        awaits_cancel=self.choices.queue_timeout is not None,
                        looks_first=replaced is not None or not self._is_first_run,
                        ends_cleared=OUTLIVES_TAG not in tags,
                        elsewhere=partial(with_earlier_start, ws, experiment) if searches else None,
                    )
                )
            except NoCapacityError as error:
                yield from request.go_on(error)
            except REFUSALS as error:
                if request.sent is None:
                    raise
                if request.doubt():
                    continue
                raise (yield from explain(ws, request.sent.body, error)) from None

    def find_active(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Find nothing: the name is known before there is a job."""
        yield from ()
        return ()


class _Request:
    """The request of one submission: on the compute whose turn it is, or one after it in the list.

    :param same_try: the job before is known to have ended in this try, by Azure's doing.
    :param beside: requests that the submission costs beside the job's needs and computes.
    """

    def __init__(self, ws: Workspace, choices: Choices, same_try: bool, identity: JobIdentity, beside: int) -> None:
        self.place = 0
        self.sent: Translation | None = None
        self._ws = ws
        self._choices = choices
        self._same_try = same_try
        self._began = identity.facts.run_started
        self._beside = beside
        self._trusting = identity.facts.is_first_run
        """Whether what an earlier job had is taken to be there; where this task has failed before, it is looked at."""
        self._follows = False
        self._first = 0
        """The first place that has not been refused."""
        self._refusal: NoCapacityError | None = None

    def prepare(self, last: Job | None) -> Steps[Prepared]:
        """Prepare the job for the first compute that can run it; each that cannot has a line in the log.

        :param last: the attempt before, as it ended.
        :raises UnfitComputeError: there is none.
        :raises NoCapacityError: there is none any more, and one before has refused the job.
        """
        turn = yield from self._choices.next_place(self._ws, last, same_try=self._same_try)
        problems: list[Problem] = []
        for place in range(max(turn, self._first), len(self._choices.translations)):
            self.place, self.sent = place, self._choices.translations[place]
            try:
                trusting = self._trusting and last is None
                prepared = yield from prepare(self._ws, self.sent, self._began, trusting=trusting, beside=self._beside)
            except UnfitComputeError as error:
                found = error if len(self._choices.translations) == 1 else place_in_list(error, f"compute[{place}]")
            else:
                self._follows = prepared.follows
                return prepared
            problems += [problem for problem in found.problems if problem not in problems]
            if place + 1 < len(self._choices.translations):
                yield News(Warned(f"{found} {self._next_after(place)}"))
        raise self._refusal or UnfitComputeError(problems)

    def code_tags(self) -> dict[str, str]:
        """What the tags of the job that was prepared last say of its code."""
        return {} if self.sent is None else code_tags(self.sent)

    def doubt(self) -> bool:
        """Whether the request that was refused took something to be there unseen; the next one does not."""
        doubtful, self._follows, self._trusting = self._follows, False, False
        return doubtful

    def go_on(self, refusal: NoCapacityError) -> Steps[None]:
        """Go on to the next compute, after the service has refused the job for the last one.

        :raises NoCapacityError: there is none.
        """
        self._refusal, self._first = refusal, self.place + 1
        if self._first == len(self._choices.translations):
            raise refusal from None
        yield News(Warned(f"{refusal} {self._next_after(self.place)}"))

    def _next_after(self, place: int) -> str:
        return f"The next compute is tried: {self._choices.computes[place + 1]}."
