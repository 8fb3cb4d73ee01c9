"""Schedules in the store. No HTTP."""

from __future__ import annotations

from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import SCHEDULES, Transitions
from azureml_emulator.endpoints.records import OperatedRecords


class ScheduleRecords(OperatedRecords):
    """Schedules by name."""

    writing = deleting = "s"

    def __init__(self, store: Store, transitions: Transitions) -> None:
        super().__init__(store, transitions, "schedule", SCHEDULES)
