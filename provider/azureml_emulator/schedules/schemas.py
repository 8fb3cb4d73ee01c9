"""Bodies of schedules.

Source of the keys: the models ``ScheduleProperties``, ``CronTrigger``, ``RecurrenceTrigger`` and ``JobScheduleAction``
of azure-ai-ml 1.35.2 (``arm_ml_service``, api-version 2025-12-01).
"""

from __future__ import annotations

from azureml_emulator.core.resource_body import RESOURCE
from azureml_emulator.core.schema import anything, bag, flag, many, record, text, union, whole, words

TIMES = {"triggerType": text, "startTime": text, "endTime": text, "timeZone": text}
TRIGGER = union(
    "triggerType",
    {
        "Cron": record({**TIMES, "expression": text}, ("expression",)),
        "Recurrence": record(
            {
                **TIMES,
                "frequency": words("Minute", "Hour", "Day", "Week", "Month"),
                "interval": whole,
                "schedule": record(
                    {
                        "hours": many(whole),
                        "minutes": many(whole),
                        "monthDays": many(whole),
                        "weekDays": many(
                            words("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
                        ),
                    }
                ),
            },
            ("frequency", "interval"),
        ),
    },
)

CREATE_JOB = "CreateJob"
"""The action that is here. Beside those of 2025-12-01 azure-ai-ml 1.35.2 sends ``ImportData`` of schedules of data."""
ACTION = union(
    "actionType",
    {
        CREATE_JOB: record({"actionType": text, "jobDefinition": bag(anything, nulls=True)}, ("jobDefinition",)),
        "InvokeBatchEndpoint": bag(anything, nulls=True),
        "CreateMonitor": bag(anything, nulls=True),
        "ImportData": bag(anything, nulls=True),
    },
)

SCHEDULE = record(
    {
        **RESOURCE,
        "action": ACTION,
        "displayName": text,
        "isEnabled": flag,
        "provisioningState": text,
        "trigger": TRIGGER,
    },
    ("action", "trigger"),
)
