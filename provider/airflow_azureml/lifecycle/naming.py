"""How a job is named: the same task instance always arrives at the same names, and no other one does.

A name is ``<dag>-<task>[-<map index>][-loop<index>]-<hash>-<attempt>``. The hash is over (dag id, run id, the DAG run's
start in microseconds, task id, map index, generation, and in a Task Loop the iteration), so a DAG run that is deleted
and made again, a cleared task, and a second Airflow on the same workspace all get other names; the readable parts are
for people only.

*No name is the beginning of another one.* Microsoft's client fetches a job's files by a bare prefix, so that
``jobs.download("job-1")`` would bring those of ``job-10`` along (azure-ai-ml 1.35.2). An attempt of more than one digit
is therefore written behind a letter that says how many there are: ``1`` to ``9``, ``a10`` to ``a99``, ``b100`` ...

*Iterations* of a Task Loop (Airflow 3.4) share dag, run, task and map index, try numbers and generation. What tells
them apart is where Airflow keeps them, a *region* and the index in it. A loop that goes on from a cleared iteration
gets another region: its iterations are new ones, and have jobs of their own.

*Generation* counts clears: ``max(max_tries - retries, 0)`` of the task instance. Whoever edits ``retries`` of a task
between two tries of one task instance shifts that number, and a shifted number looks like a real one. Decided:

* it rose (``retries`` lowered): that is a *Clear*; ``resume.cancel_earlier`` cancels the older job before another is
  put;
* it fell (``retries`` raised after a clear): a later generation that has jobs is the one to go on with, so the task
  neither takes an older result nor starts a job beside its own; ``TaskFacts.try_number`` bounds the search, for a
  generation is the number of tries before the last clear.

What remains: ``retries`` raised between a clear and the first try after it looks like a plain retry.

*A Clear that does not raise* ``max_tries`` is that of a task which runs on a worker that is dead (up to Airflow 3.3).
Where Airflow tells of it otherwise (``TaskFacts.trace_id``, ``TaskFacts.cleared_try``), the try that finds a job from
before begins the generation that a counted one would have begun, and its retries find that by the rule above.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from airflow_azureml.rest.times import iso, parse

_PART = 40
"""Characters of each readable part; the service takes names of up to 255."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

IDENTITY_TAGS = (
    "airflow_dag_id",
    "airflow_run_id",
    "airflow_run_started",
    "airflow_task_id",
    "airflow_map_index",
    "airflow_generation",
    "airflow_attempt",
)
"""The tags that every job of ours carries, and that say whose it is."""

LOOP_TAGS = ("airflow_loop_index", "airflow_loop_region")
"""Further tags of the jobs of a Task Loop: the iteration, from 0, and what distinguishes equal ones."""

TRY_TAG, RESUBMISSION_TAG, COMPUTE_TAG = "airflow_try_number", "airflow_resubmission", "airflow_compute_index"
"""Further tags, which say nothing of whose job it is: the try that has submitted it, how many resubmissions that try
had made by then, this job among them, and the place of its compute in a list of several, from 0."""

TRACE_TAG, STARTED_TAG = "airflow_trace_id", "airflow_try_started"
"""Further tags: the trace that the task was in when the job was put (3.2 and later), and the start of the try that has
put it, in microseconds (2.11). By them ``attempts.requeued_runs`` knows a job again."""

_DIGITS = "abcdefgh"
"""The letters before an attempt of two digits, three ..."""


@dataclass(frozen=True)
class Iteration:
    """One iteration of a Task Loop of Airflow 3.4.

    :param index: of the iteration, from 0.
    :param region_id: the UUID under which Airflow keeps this run of the loop, or of what is mapped in it.
    :param region_index: the task instance's place in the region.
    """

    index: int
    region_id: str
    region_index: int

    @property
    def tags(self) -> dict[str, str]:
        """What the tags of its jobs say."""
        return dict(zip(LOOP_TAGS, (str(self.index), f"{self.region_id}/{self.region_index}"), strict=True))


@dataclass(frozen=True)
class TaskFacts:
    """What distinguishes one task instance from all others.

    :param run_started: the DAG run's start, aware; None where a run has none yet.
    :param map_index: -1 for a task that is not mapped.
    :param generation: 0 for a task never cleared, else the number of tries made before the last clear.
    :param try_number: of this try, from 1 over all generations; 1 where it is not known.
    :param reschedules: how often this very try has run before, and was put off.
    :param iteration: of the Task Loop that the task is in; None outside of loops.
    :param trace_id: what each *Clear* of the task instance changes, and nothing else; None where there is nothing such.
    :param cleared_try: the last try that a *Clear* has told to restart, as far as Airflow knows; 0 for none.
    :param try_starts: when this try has begun and those before it, in microseconds; empty where Airflow does not say.
    :param name_hint: takes the place of dag and task id in the readable part; it must not change between tries.
    """

    dag_id: str
    run_id: str
    run_started: datetime | None
    task_id: str
    map_index: int = -1
    generation: int = 0
    try_number: int = 1
    reschedules: int = 0
    iteration: Iteration | None = None
    trace_id: str | None = None
    cleared_try: int = 0
    try_starts: tuple[int, ...] = ()
    name_hint: str | None = None

    @property
    def is_first_run(self) -> bool:
        """Whether no process has run this task instance before, as far as Airflow says."""
        return self.try_number == 1 and self.generation == 0 and self.reschedules == 0


@dataclass(frozen=True)
class JobIdentity:
    """The names and tags of all jobs that one generation of one task instance may have.

    :param readable: the part of the names that is for people; None: that of the facts.
    """

    facts: TaskFacts
    readable: str | None = None

    @property
    def stem(self) -> str:
        """The name without the attempt's number."""
        facts = self.facts
        if self.readable is not None:
            return f"{self.readable}-{self._hash}"
        words = [facts.name_hint] if facts.name_hint else [facts.dag_id, facts.task_id]
        parts = [_readable(word) for word in words]
        parts += [str(facts.map_index)] if facts.map_index >= 0 else []
        parts += [f"loop{facts.iteration.index}"] if facts.iteration else []
        readable = "-".join(part for part in parts if part)
        return f"{readable or 'job'}-{self._hash}"

    def name(self, attempt: int) -> str:
        """The name of the job number ``attempt`` (from 1); fits ``^[a-zA-Z0-9][a-zA-Z0-9\\-_]{0,254}$``."""
        return numbered(self.stem, attempt)

    def tags(self, attempt: int) -> dict[str, str]:
        """The tags of the job number ``attempt``."""
        facts = self.facts
        values = (
            facts.dag_id,
            facts.run_id,
            iso(facts.run_started) if facts.run_started else "",
            facts.task_id,
            str(facts.map_index),
            str(facts.generation),
            str(attempt),
        )
        return {**dict(zip(IDENTITY_TAGS, values, strict=True)), **(facts.iteration.tags if facts.iteration else {})}

    def history_tags(self, resubmission: int) -> dict[str, str]:
        """What the tags of a job say of the way to it.

        :param resubmission: how many this try has made, with this job.
        """
        known_by = {TRACE_TAG: self.facts.trace_id} if self.facts.trace_id else {}
        known_by |= {STARTED_TAG: str(self.facts.try_starts[0])} if self.facts.try_starts else {}
        return {TRY_TAG: str(self.facts.try_number), RESUBMISSION_TAG: str(resubmission), **known_by}

    def resubmissions(self, tags: Mapping[str, str]) -> int:
        """How many resubmissions this try had made when a job with these tags was put."""
        said = tags.get(RESUBMISSION_TAG, "")
        return int(said) if tags.get(TRY_TAG) == str(self.facts.try_number) and said.isdecimal() else 0

    def is_cleared(self, tags: Mapping[str, str]) -> bool:
        """Whether the task was cleared since a job of this generation was put, though Airflow has not counted it."""
        if self.facts.generation >= self.facts.try_number - 1:
            return False  # no try but this one can have put it
        trace, tried = tags.get(TRACE_TAG), tags.get(TRY_TAG, "")
        if trace and self.facts.trace_id and trace != self.facts.trace_id:
            return True
        return tried.isdecimal() and int(tried) <= self.facts.cleared_try

    def differing(self, tags: Mapping[str, str], attempt: int) -> tuple[str, ...]:
        """The identity tags of a job that are not those of our job number ``attempt``; empty when it is ours."""
        return tuple(key for key, value in self.tags(attempt).items() if tags.get(key) != value)

    def earlier(self) -> tuple[JobIdentity, ...]:
        """The identities of all generations before this one, oldest first."""
        return tuple(self._of(number) for number in range(self.facts.generation))

    def later(self) -> tuple[JobIdentity, ...]:
        """The identities of all generations that may have come after this one, newest first."""
        return tuple(self._of(number) for number in range(self.facts.try_number - 1, self.facts.generation, -1))

    def begun_now(self) -> JobIdentity:
        """The identity of the generation that begins with this try."""
        return self._of(self.facts.try_number - 1)

    def _of(self, generation: int) -> JobIdentity:
        return replace(self, facts=replace(self.facts, generation=generation))

    @property
    def _hash(self) -> str:
        facts = self.facts
        started = None if facts.run_started is None else (facts.run_started - _EPOCH) // timedelta(microseconds=1)
        key = [facts.dag_id, facts.run_id, started, facts.task_id, facts.map_index, facts.generation]
        if facts.iteration:  # names outside of loops are as they were before there were any
            key += [facts.iteration.region_id, facts.iteration.region_index]
        return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


def identify(facts: TaskFacts) -> JobIdentity:
    """Make the identity of a task instance.

    :raises ValueError: the generation is negative, or the run's start has no time zone.
    """
    if facts.generation < 0:
        raise ValueError(f"generation: {facts.generation} is negative.") from None
    if facts.run_started is not None and facts.run_started.tzinfo is None:
        raise ValueError(f"run_started: {facts.run_started!r} has no time zone.") from None
    return JobIdentity(facts)


def facts_of(tags: Mapping[str, str]) -> TaskFacts | None:
    """What the tags of a job say of its task instance; None for a job of no task, and where they make no sense."""
    if any(tag not in tags for tag in IDENTITY_TAGS):
        return None
    dag_id, run_id, started, task_id, map_index, generation, _ = (tags[tag] for tag in IDENTITY_TAGS)
    try:
        iteration = None
        if all(tag in tags for tag in LOOP_TAGS):
            index, (region, _, place) = tags[LOOP_TAGS[0]], tags[LOOP_TAGS[1]].rpartition("/")
            iteration = Iteration(int(index), region, int(place))
        return TaskFacts(
            dag_id,
            run_id,
            parse(started) if started else None,
            task_id,
            int(map_index),
            max(int(generation), 0),
            iteration=iteration,
        )
    except ValueError:
        return None


def identity_of(name: str, tags: Mapping[str, str]) -> JobIdentity | None:
    """The identity that a job of ours belongs to; None for a job of no task, and where its tags make no sense."""
    facts = facts_of(tags)
    return None if facts is None else JobIdentity(facts, readable=split(name)[0].rpartition("-")[0])


def attempt_of(tags: Mapping[str, str]) -> int | None:
    """Which attempt a job is, by its tags; None for a job of no task."""
    said = tags.get("airflow_attempt", "")
    return int(said) if said.isdecimal() else None


def numbered(stem: str, attempt: int) -> str:
    """The name of the job number ``attempt`` (from 1) among those that share a stem."""
    digits = str(attempt)
    return f"{stem}-{_DIGITS[len(digits) - 2] if attempt > 9 else ''}{digits}"


def split(name: str) -> tuple[str, int]:
    """Take a name of ours apart into its stem and the attempt's number; 0 where there is none to read."""
    stem, _, end = name.rpartition("-")
    digits = end.lstrip(_DIGITS)
    return stem, int(digits) if digits.isdecimal() else 0


def _readable(word: str) -> str:
    """The part of a text that a job's name may hold."""
    return re.sub(r"[^a-zA-Z0-9_]+", "-", word).strip("-_")[:_PART].rstrip("-_")
