"""Jobs: their records, and which status may follow which. No HTTP, no files."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.store import Store

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
ACTIVE = ("NotStarted", "Starting", "Preparing", "Queued", "Running", "Finalizing", "CancelRequested", "NotResponding")
BEFORE_RUNNING = frozenset({"NotStarted", "Starting", "Preparing", "Queued"})
STATUSES = (*ACTIVE, "Completed", "Failed", "Canceled")
STOPPABLE = frozenset({*BEFORE_RUNNING, "Running", "NotResponding"})
"""Statuses in which a job takes a cancel; in ``Finalizing`` the service refuses it (Azure/azureml-assets PR 2496)."""

NEXT: Mapping[str, frozenset[str]] = {
    "NotStarted": frozenset({"Starting"}),
    "Starting": frozenset({"Preparing", "Failed", "CancelRequested"}),
    "Preparing": frozenset({"Queued", "Running", "Failed", "CancelRequested"}),
    "Queued": frozenset({"Running", "Failed", "CancelRequested"}),
    "Running": frozenset({"Queued", "Finalizing", "NotResponding", "Failed", "CancelRequested", "Canceled"}),
    "NotResponding": frozenset({"Running", "Finalizing", "Failed", "CancelRequested", "Canceled"}),
    "Finalizing": frozenset({"Completed", "Failed"}),
    "CancelRequested": frozenset({"Canceled", "Failed"}),
}
"""Which status may follow which. Any active status may become ``Failed`` when the emulator stops.

A preempted job may go back to the queue (``A preempted job is restarted, not resumed``, quoted from Microsoft's page in
https://github.com/Azure/MachineLearningNotebooks/issues/1242)."""

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
"""The pattern that clients generated from the service's definition check job names against."""


@dataclass
class Job:
    """One job as the emulator remembers it.

    :param definition: the request's properties with what the service fills in.
    :param walk: the statuses so far, each with the time at which it began.
    :param root: the outermost job that it belongs to; None when that is the parent, or itself.
    :param node: the job's name in its parent's graph; None when it is no step of a pipeline.
    :param runner: what takes it to its end; None: the runner of its type.
    :param is_part: whether it is a part of its parent although it is no step of a pipeline: a trial of a sweep.
    :param reuses: the earlier step whose results it takes over without running.
    :param outputs: what the job wrote, by output: ``assetId``, ``type`` (PascalCase) and ``uri``.
    :param error: the root error of run history (``code``, ``message``, ``innerError`` ...), None unless it failed.
    :param process: pid and start time of the process above the job's own, while there is one.
    """

    name: str
    definition: dict[str, Any]
    status: str = "NotStarted"
    created_at: str = ""
    created_by: str = ""
    walk: list[list[str]] = field(default_factory=list)
    uuid: str = ""
    parent: str | None = None
    modified_at: str = ""
    error: dict[str, Any] | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)
    queueing: dict[str, str] | None = None
    cancel_reason: str | None = None
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    process: list[int] | None = None
    root: str | None = None
    node: str | None = None
    runner: str | None = None
    is_part: bool = False
    reuses: str | None = None

    @property
    def belongs(self) -> bool:
        """Whether it is a part of its parent, which made it: a step or a trial. It ends and is deleted with it."""
        return self.node is not None or self.is_part

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in TERMINAL

    @property
    def experiment(self) -> str:
        """The experiment that the job belongs to."""
        return str(self.definition["experimentName"])

    @property
    def data_container(self) -> str:
        """The folder of the job's artifacts below ``ExperimentRun/``; of a reused step that of the earlier one, as in a
        recorded answer."""
        return f"dcid.{self.reuses or self.name}"

    def since(self, status: str) -> str | None:
        """When the job first had a status, or None."""
        return next((time for word, time in self.walk if word == status), None)

    @property
    def started_at(self) -> str | None:
        """When the command began, of one that began several times the first time."""
        return self.since("Running")

    @property
    def last_started_at(self) -> str | None:
        """When the command began the last time."""
        from_queue = [after for (word, _), after in itertools.pairwise(self.walk) if word == "Queued"]
        return next((time for word, time in reversed(from_queue) if word == "Running"), self.started_at)

    @property
    def ended_at(self) -> str | None:
        """When the job reached its final status."""
        return self.since(self.status) if self.ended else None


EXPERIMENT = "$.definition.experimentName"
"""Where the record of a job names its experiment."""

FIELDS = frozenset(row.name for row in fields(Job))


class Jobs:
    """The jobs in the store, read and changed one at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> Job | None:
        """A job, or None. Names are case-sensitive."""
        value = self._store.get("job", name)
        return job_from(value) if value else None

    def all(self) -> Iterator[Job]:
        """Every job, the oldest first."""
        return (job_from(value) for _, value in self._store.list("job"))

    def tagged(self, key: str) -> Iterator[Job]:
        """Every job whose tags have this key, the oldest first."""
        return (job_from(value) for value in self._store.having_key("job", "$.definition.tags", key))

    def of_experiment(self, name: str) -> Iterator[Job]:
        """Every job of an experiment, the oldest first."""
        return (job_from(value) for value in self._store.having("job", EXPERIMENT, name))

    def experiments(self) -> Sequence[str]:
        """The experiments that jobs belong to."""
        return self._store.texts("job", EXPERIMENT)

    def add(
        self,
        name: str,
        definition: dict[str, Any],
        created_by: str,
        parent: str | None = None,
        *,
        root: str | None = None,
        node: str | None = None,
        runner: str | None = None,
        is_part: bool = False,
        reuses: str | None = None,
    ) -> Job:
        """A new job in ``Starting``, which is what the answer to its PUT shows."""
        moment = stamp(now())
        walk = [["NotStarted", moment], ["Starting", moment]]
        job = Job(name, definition, "Starting", moment, created_by, walk, str(uuid.uuid4()), parent, moment)
        job.root, job.node, job.runner, job.is_part, job.reuses = root or parent, node, runner, is_part, reuses
        self._store.put("job", name, vars(job))
        return job

    def change(self, name: str, *, at: str | None = None, **values: Any) -> Job:
        """Set fields of a job and answer the new record; a new ``status`` is added to its walk.

        :param at: since when it has the new status, by the clock of these records; now by default.
        A status that may not follow the present one is an error of the emulator, not of its user.
        """
        job = self.get(name)
        if job is None:
            raise KeyError(name)
        moment = stamp(now())
        status = values.get("status")
        if status is not None and status != job.status:
            assert status in NEXT.get(job.status, ()) or (status == "Failed" and not job.ended), (
                name,
                job.status,
                status,
            )
            job.walk.append([status, at or moment])
        for key, value in values.items():
            setattr(job, key, value)
        job.modified_at = moment
        self._store.put("job", name, vars(job))
        return job

    def start_over(self, job: Job) -> None:
        """Take a job back to ``Starting``."""
        job.status, job.walk, job.queueing = "Starting", job.walk[:2], None
        self._store.put("job", job.name, vars(job))

    def keep_result(self, fingerprint: str, name: str) -> None:
        """Keep a step that has completed for later ones with the same fingerprint."""
        self._store.put("result", fingerprint, {"job": name})

    def result_of(self, fingerprint: str) -> Job | None:
        """The completed step with a fingerprint, unless it was deleted."""
        row = self._store.get("result", fingerprint)
        job = self.get(row["job"]) if row else None
        return job if job and job.status == "Completed" else None

    def children(self, name: str) -> list[Job]:
        """The jobs that belong to a job directly, the oldest first."""
        return [job_from(value) for value in self._store.having("job", "$.parent", name)]

    def delete(self, name: str) -> None:
        """Forget a job, a pipeline with its steps, a sweep with its trials."""
        for child in self.children(name):
            if child.belongs:
                self.delete(child.name)
        self._store.delete("job", name)


def job_from(value: Mapping[str, Any]) -> Job:
    """A record from the store; keys of other versions of the emulator are ignored."""
    return Job(**{key: each for key, each in value.items() if key in FIELDS})


def experiment_id(workspace_id: str, experiment: str) -> str:
    """The GUID of an experiment: always the same one for a name."""
    return str(uuid.uuid5(uuid.UUID(workspace_id), f"experiment/{experiment}"))


def moment(text: str | None) -> datetime | None:
    """A time of the records as a datetime; seven digits of a second are cut to six."""
    if not text:
        return None
    match = re.fullmatch(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        return None
    base, fraction, zone = match.groups()
    return datetime.fromisoformat(f"{base}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone == 'Z' else zone}")


def span(start: str | None, end: str | None) -> str | None:
    """The time between two moments as run history writes it (``hh:mm:ss.fffffff``), up to now without an end."""
    first, last = moment(start), moment(end) or now()
    if first is None:
        return None
    total = max(0.0, (last - first).total_seconds())
    hours, rest = divmod(total, 3600)
    minutes, secs = divmod(rest, 60)
    days, hours = divmod(int(hours), 24)
    lead = f"{days}." if days else ""
    return f"{lead}{hours:02d}:{int(minutes):02d}:{secs:010.7f}"
