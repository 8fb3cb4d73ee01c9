"""The backend of schedules: what is stored, and the clock that makes jobs when they are due."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.clock import now
from azureml_emulator.core.errors import ServiceError, invalid_field, not_emulated
from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.core.timeouts import timeout
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.endpoints.records import OperatedRecords
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.schedules import times
from azureml_emulator.schedules.job_definitions import due_job, stored
from azureml_emulator.schedules.models import ScheduleRecords
from azureml_emulator.schedules.schemas import CREATE_JOB
from azureml_emulator.schedules.zones import zone

logger = logging.getLogger(__name__)

LONGEST_SLEEP = 3600.0
"""Seconds after which the clock looks again, whatever is due then."""


class Schedules:
    """The schedules of the workspace."""

    def __init__(
        self, settings: Settings, store: Store, transitions: Transitions, faults: Faults, engine: Engine
    ) -> None:
        self.settings = settings
        self.faults = faults
        self.records = ScheduleRecords(store, transitions)
        self._engine = engine
        self._changed = asyncio.Event()
        self._clock: asyncio.Task[None] | None = None
        self._seen = now()

    def operated(self) -> tuple[OperatedRecords, ...]:
        """All its records that have operations."""
        return (self.records,)

    async def start(self) -> None:
        """Begin to make jobs; what was due while no emulator ran is not made up for."""
        self._seen = now()
        self._clock = asyncio.create_task(self._run(), name="schedules")

    async def stop(self) -> None:
        """Make no more jobs."""
        if self._clock:
            self._clock.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._clock

    def changed(self) -> None:
        """Look anew at what is due: a schedule was written."""
        self._changed.set()

    def complete(self, requested: dict[str, Any]) -> dict[str, Any]:
        """The properties of a schedule as the service stores them.

        :raises ServiceError: 400 for what does not fit or does not exist, 501 for what is not emulated.
        """
        action = requested["action"]
        if action["actionType"] != CREATE_JOB:
            raise not_emulated(f"Schedules with the action {action['actionType']} are not emulated")
        self.read_trigger(requested["trigger"], now())
        definition = stored(self._engine, action["jobDefinition"])
        zone_name = requested["trigger"].get("timeZone") or "UTC"
        return {
            "description": requested.get("description"),
            "tags": requested.get("tags") or {},
            "properties": requested.get("properties") or {},
            "displayName": requested.get("displayName"),
            "isEnabled": requested.get("isEnabled", True),
            "trigger": {"endTime": None, "startTime": None, **requested["trigger"], "timeZone": zone_name},
            "action": {"actionType": CREATE_JOB, "jobDefinition": definition},
        }

    def read_trigger(self, trigger: dict[str, Any], began: datetime) -> times.Trigger:
        """A trigger that can be read.

        :param began: when its schedule was made.
        :raises ServiceError: 400 naming what cannot. The texts are ours.
        """
        name = trigger.get("timeZone") or "UTC"
        found: tzinfo | None = zone(name)
        if found is None:
            raise invalid_field("trigger.timeZone", f"{name!r} is not a time zone of schedules.", "InvalidTrigger")
        try:
            return times.read(trigger, found, began)
        except times.TriggerError as error:
            raise invalid_field(f"trigger.{error.field}", str(error), "InvalidTrigger") from None

    def fire(self, record: Record, due: datetime) -> str:
        """Make the job of a schedule; its name.

        :raises ServiceError: the job does not fit any more; none was made.
        """
        name = str(uuid.uuid4())
        definition = record["properties"]["action"]["jobDefinition"]
        self._engine.begin(name, due_job(definition, record["name"], name, due))
        return name

    # the clock ---------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            moment = now()
            for record in self.records.all():
                due = self._next(record, self._seen)
                if due is not None and due <= moment:
                    self._fire_due(record, due)
            self._seen = moment
            ahead = [due for record in self.records.all() if (due := self._next(record, moment))]
            pause = min([(due - now()).total_seconds() for due in ahead] + [LONGEST_SLEEP])
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                async with timeout(max(pause, 0.0) + 0.001):
                    await self._changed.wait()

    def _next(self, record: Record, moment: datetime) -> datetime | None:
        """When a schedule is due after a moment; one that starts at once is due as soon as it is there."""
        if not record["properties"]["isEnabled"] or record["state"] == "Deleting":
            return None
        trigger = self.read_trigger(record["properties"]["trigger"], read_stamp(record["created_at"]))
        # What was due before the last write is not made up for, but a recurrence may begin with that very moment.
        return trigger.after(max(moment, read_stamp(record["modified_at"]) - timedelta(microseconds=1)))

    def _fire_due(self, record: Record, due: datetime) -> None:
        try:
            self.fire(record, due)
        except ServiceError as error:
            logger.warning("The schedule %s could not make its job: %s", record["name"], error)


def read_stamp(text: str) -> datetime:
    """A moment as the store has it."""
    return datetime.fromisoformat(text[:26]).replace(tzinfo=timezone.utc)
