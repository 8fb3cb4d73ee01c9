"""When triggers are due."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from azureml_emulator.schedules.times import TriggerError, read
from azureml_emulator.schedules.zones import names, zone

NOW = datetime(2026, 3, 4, 12, 30, 15, tzinfo=timezone.utc)  # a Wednesday


def due(trigger: dict[str, Any], count: int = 3, zone_name: str = "UTC", after: datetime = NOW) -> list[str]:
    """The next times of a trigger that is made now."""
    found = zone(zone_name)
    assert found is not None
    read_trigger, times = read(trigger, found, NOW), []
    moment: datetime | None = after
    for _ in range(count):
        assert moment is not None
        moment = read_trigger.after(moment)
        times.append(f"{moment:%m-%d %H:%M}" if moment else "never")
        if moment is None:
            break
    return times


def cron(expression: str, **more: Any) -> dict[str, Any]:
    """A cron trigger."""
    return {"triggerType": "Cron", "expression": expression, **more}


def recurring(frequency: str, interval: int = 1, **more: Any) -> dict[str, Any]:
    """A recurrence."""
    return {"triggerType": "Recurrence", "frequency": frequency, "interval": interval, **more}


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("15 16 * * 1", ["03-09 16:15", "03-16 16:15", "03-23 16:15"]),
        ("*/20 12 * * *", ["03-04 12:40", "03-05 12:00", "03-05 12:20"]),
        ("0 1,13 * * mon-fri", ["03-04 13:00", "03-05 01:00", "03-05 13:00"]),
        ("0 6-10/2 * * 0", ["03-08 06:00", "03-08 08:00", "03-08 10:00"]),
        # Days and months count as *, whatever they say.
        ("0 0 31 12 *", ["03-05 00:00", "03-06 00:00", "03-07 00:00"]),
    ],
)
def test_cron_expressions(expression: str, times: list[str]) -> None:
    assert due(cron(expression)) == times


@pytest.mark.parametrize(
    ("trigger", "times"),
    [
        (recurring("Minute", 5, startTime="2026-03-04 12:00:00"), ["03-04 12:35", "03-04 12:40", "03-04 12:45"]),
        (recurring("Hour", 12, startTime="2026-03-04T06:00:00"), ["03-04 18:00", "03-05 06:00", "03-05 18:00"]),
        (recurring("Day", 2, startTime="2026-03-06T06:00:00Z"), ["03-06 06:00", "03-08 06:00", "03-10 06:00"]),
        (recurring("Month", 1, startTime="2026-01-31 08:00:00"), ["03-31 08:00", "05-31 08:00", "07-31 08:00"]),
        (
            recurring("Week", 2, schedule={"hours": [9], "minutes": [30, 0], "weekDays": ["Friday", "Monday"]}),
            ["03-06 09:00", "03-06 09:30", "03-16 09:00"],
        ),
        (recurring("Week", schedule={"hours": [8], "minutes": [0]}), ["03-11 08:00", "03-18 08:00", "03-25 08:00"]),
        (recurring("Day", schedule={"hours": [], "minutes": []}), ["03-05 12:30", "03-06 12:30", "03-07 12:30"]),
        (
            recurring("Month", schedule={"hours": [1], "minutes": [0], "monthDays": [30]}),
            ["03-30 01:00", "04-30 01:00", "05-30 01:00"],
        ),
        (
            recurring("Day", schedule={"hours": [10], "minutes": [15]}, endTime="2026-03-05T10:15:00"),
            ["03-05 10:15", "never"],
        ),
    ],
)
def test_recurrences(trigger: dict[str, Any], times: list[str]) -> None:
    assert due(trigger) == times


def test_one_without_a_start_begins_at_once() -> None:
    just_before = datetime(2026, 3, 4, 12, 30, 14, tzinfo=timezone.utc)
    assert due(recurring("Day"), 2, after=just_before) == ["03-04 12:30", "03-05 12:30"]


def test_hours_belong_to_the_zone_in_summer_and_winter() -> None:
    times = due(cron("0 9 * * *", startTime="2026-03-28 00:00:00"), 2, "W. Europe Standard Time")
    assert times == ["03-28 08:00", "03-29 07:00"]


@pytest.mark.parametrize(
    ("trigger", "field"),
    [
        (cron("0 9 * *"), "expression"),
        (cron("61 9 * * *"), "expression"),
        (cron("x 9 * * *"), "expression"),
        (cron("0 9 * * *", startTime="soon"), "startTime"),
        (recurring("Day", 0), "interval"),
        (recurring("Day", schedule={"hours": [24], "minutes": [0]}), "schedule.hours"),
    ],
)
def test_what_cannot_be_read_is_named(trigger: dict[str, Any], field: str) -> None:
    with pytest.raises(TriggerError) as caught:
        due(trigger)
    assert caught.value.field == field


def test_every_zone_of_microsoft_s_list_is_known_here() -> None:
    assert len(names()) == 131
    assert [name for name in names() if zone(name) is None] == []
    assert zone("Europe/Berlin") is None
