"""The routes of long-running operations on schedules. Source of their state: recording test_schedule_lifetime."""

from __future__ import annotations

from azureml_emulator.core.routing import Route
from azureml_emulator.endpoints.operations import operation_routes, timed_status
from azureml_emulator.schedules.backend import Schedules
from azureml_emulator.schedules.models import ScheduleRecords

ROUTES: list[Route[Schedules]] = operation_routes(timed_status, [ScheduleRecords.writing], [ScheduleRecords.deleting])
