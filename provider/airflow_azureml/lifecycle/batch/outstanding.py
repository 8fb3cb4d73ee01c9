"""Invocations of a task whose jobs nobody may know by name: recorded before the POST, and looked for by their marks.

A process that is killed while its POST is under way cannot take it back, and the service may carry it out when nobody
of that process is left. The record says where its job would be and what mark it would carry, and says so before there
can be one. A job without a mark of ours is never taken for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from airflow_azureml.lifecycle.batch.earlier_tries import cancel_marked, since_the_start
from airflow_azureml.lifecycle.batch.target import Target
from airflow_azureml.lifecycle.naming import JobIdentity
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.times import iso, parse_optional


@dataclass(frozen=True)
class Outstanding:
    """What a task may have started at an endpoint.

    :param experiment: that was asked for beside the endpoint's own, or None.
    :param stems: what the marks of its jobs begin with: the generation's own, then those of the generations before.
    :param run_started: the start of the DAG run, which the stems hold.
    :param hidden: an earlier try may have a job that was not seen. Without it only the invocation is unclear that
        follows the record, until its job's name is known.
    """

    endpoint: str
    experiment: str | None
    stems: tuple[str, ...]
    run_started: datetime | None
    hidden: bool

    @classmethod
    def of(cls, identity: JobIdentity, endpoint: str, experiment: str | None, *, hidden: bool) -> Outstanding:
        """What a generation and those before it may have."""
        stems = tuple(one.stem for one in (identity, *identity.earlier()))
        return cls(endpoint, experiment, stems, identity.facts.run_started, hidden)

    @classmethod
    def from_dict(cls, given: Any) -> Outstanding | None:
        """Read what ``to_dict`` has written; None for anything else."""
        if not isinstance(given, Mapping) or not isinstance(given.get("endpoint"), str):
            return None
        experiment, stems, started = (given.get(name) for name in ("experiment", "stems", "run_started"))
        if not isinstance(stems, (list, tuple)) or not all(isinstance(stem, str) and stem for stem in stems):
            return None
        named = experiment if isinstance(experiment, str) else None
        return cls(given["endpoint"], named, tuple(stems), parse_optional(started), given.get("hidden") is True)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        started = None if self.run_started is None else iso(self.run_started)
        said = {"endpoint": self.endpoint, "experiment": self.experiment, "stems": list(self.stems)}
        return {**said, "run_started": started, "hidden": self.hidden}

    def beside(self, job_name: str | None) -> Outstanding | None:
        """What is still unclear where a name is recorded as well, which came with the answer; None for nothing."""
        return self if job_name is None or self.hidden else None

    @property
    def of_earlier(self) -> Outstanding | None:
        """What the generations before may have that was not seen; None where nothing can be hidden."""
        return replace(self, stems=self.stems[1:]) if self.hidden and self.stems[1:] else None

    def cancel(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Look once, and cancel what goes on; the names of the jobs that were asked to end.

        :raises AzureMLError: nothing could be looked at.
        """
        target = Target(self.endpoint, "", experiment=self.experiment)
        return (yield from cancel_marked(ws, target, self.stems, since_the_start(self.run_started)))
