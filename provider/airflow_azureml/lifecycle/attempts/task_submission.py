"""The job of a task: found, or put under the next name, on the compute whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.attempts.checkpoint import with_checkpoint
from airflow_azureml.lifecycle.attempts.computes import Choices
from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.naming import JobIdentity, split
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.lifecycle.resume import Found, Replaced, cancel_earlier, find_or_submit
from airflow_azureml.lifecycle.submission import Prepared, prepare
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Translation


class TaskSubmission:
    """The job of a task that is submitted by a PUT under a name of ours.

    :param choices: the job, once for each of its computes.
    :param begun: this very try has begun in another process: a job that is there is its own, however it has ended.
    :param checkpoint: the output whose folder is the same for all jobs of this generation; None for none.
    """

    def __init__(
        self, identity: JobIdentity, choices: Choices, *, begun: bool = False, checkpoint: str | None = None
    ) -> None:
        self.identity = identity
        self.checkpoint = checkpoint
        self.choices = choices
        self.begun = begun

    def find_or_start(self, ws: Workspace, *, cancels_earlier: bool) -> Steps[Found]:
        """Find this task's job or submit it.

        :param cancels_earlier: the job ends with its task: cancel first what earlier generations left running.
        """
        if cancels_earlier:
            yield from cancel_earlier(ws, self.identity)
        return (yield from self._find_or_submit(ws, None, {} if cancels_earlier else {OUTLIVES_TAG: "true"}))

    def start_next(self, ws: Workspace, ended: Job, *, counts: bool = True) -> Steps[Found]:
        """Submit the job that takes the place of one that the platform has ended, or find it.

        :param ended: the job, as it ended.
        :param counts: it takes one of the try's resubmissions.
        """
        tags = {OUTLIVES_TAG: ended.tags[OUTLIVES_TAG]} if OUTLIVES_TAG in ended.tags else {}
        return (yield from self._find_or_submit(ws, Replaced(ended.name, counts), tags))

    def _find_or_submit(self, ws: Workspace, replaced: Replaced | None, tags: Mapping[str, str]) -> Steps[Found]:
        sent: list[Translation] = []

        def request(last: Job | None) -> Steps[Prepared]:
            place = yield from self.choices.next_place(ws, last, same_try=replaced is not None)
            sent.append(self.choices.translations[place])
            prepared = yield from prepare(ws, sent[-1])
            if self.checkpoint is not None:
                stem = self.identity.stem if last is None else split(last.name)[0]
                prepared = yield from with_checkpoint(ws, prepared, self.checkpoint, stem)
            return replace(prepared, tags={**tags, **self.choices.tags(place)})

        try:
            return (
                yield from find_or_submit(
                    ws,
                    self.identity,
                    request,
                    takes_ended=self.begun and replaced is None,
                    replaced=replaced,
                    awaits_cancel=self.choices.queue_timeout is not None,
                )
            )
        except REFUSALS as error:
            if not sent:
                raise
            raise (yield from explain(ws, sent[-1].body, error)) from None

    def find_active(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Find nothing: the name is known before there is a job."""
        yield from ()
        return ()
