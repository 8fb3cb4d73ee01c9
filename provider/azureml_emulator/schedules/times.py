"""Times: when a trigger is due. Pure: values in, values out.

Source of the rules: Microsoft's page on scheduling pipeline jobs. A cron expression has minutes, hours, days, months
and days of the week; days and months count as ``*``, whatever they say. A recurrence without a pattern goes on from its
start by its interval; with one it is due at each of the pattern's hours and minutes, of the days of the week or of the
month that it names (else on the days of its start, an assumption); a day that a month does not have is left out.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CRON_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(1), "week": timedelta(7)}
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")

FARTHEST = 366 * 5
"""Days ahead in which a time is looked for."""


class TriggerError(Exception):
    """A trigger that is never due, or cannot be read: ``field`` names what is wrong, below the trigger."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Trigger:
    """When a schedule is due.

    :param kind: ``Cron`` or ``Recurrence``.
    :param zone: the zone that its hours belong to.
    :param start: no time is before it.
    :param end: no time is after it.
    :param minutes: in which minutes; ``hours`` likewise.
    :param days: on which days of the week, Monday is 0; None: on all.
    :param month_days: on which days of the month; None: on all.
    :param frequency: ``Minute`` … ``Month``; with ``interval`` the distance of a recurrence.
    """

    kind: str
    zone: tzinfo
    start: datetime
    end: datetime | None
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    days: tuple[int, ...] | None = None
    month_days: tuple[int, ...] | None = None
    frequency: str = ""
    interval: int = 1

    def after(self, moment: datetime) -> datetime | None:
        """The first time after a moment, in UTC; None where there is no further one.

        :param moment: with a time zone.
        """
        for due in self._times(moment):
            if self.end is not None and due > self.end:
                return None
            if due > moment and due >= self.start:
                return due.astimezone(timezone.utc)
        return None

    def _times(self, moment: datetime) -> Iterator[datetime]:
        """Times in order, from before the first that counts."""
        return self._clock_times(moment) if self.minutes else self._steps(moment)

    def _steps(self, moment: datetime) -> Iterator[datetime]:
        """A recurrence without a pattern."""
        if self.frequency == "Month":
            local = self.start.astimezone(self.zone)
            for count in range(FARTHEST):
                year, month = divmod(local.year * 12 + local.month - 1 + count * self.interval, 12)
                if local.day <= calendar.monthrange(year, month + 1)[1]:
                    yield local.replace(year=year, month=month + 1)
            return
        step = STEPS[self.frequency.lower()] * self.interval
        passed = max(0, int((moment - self.start) / step))
        for count in range(passed, passed + 3):
            yield self.start + count * step

    def _clock_times(self, moment: datetime) -> Iterator[datetime]:
        """The times of a pattern or of a cron expression, day by day."""
        first = max(moment, self.start).astimezone(self.zone).date()
        began = self.start.astimezone(self.zone).date()
        for number in range(FARTHEST):
            day = first + timedelta(number)
            if self._is_day(day, began):
                for hour in self.hours:
                    for minute in self.minutes:
                        yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)

    def _is_day(self, day: Any, began: Any) -> bool:
        if self.days is not None and day.weekday() not in self.days:
            return False
        if self.month_days is not None and day.day not in self.month_days:
            return False
        if self.frequency == "Day":
            return bool((day - began).days % self.interval == 0)
        if self.frequency == "Week":
            weeks = ((day - timedelta(day.weekday())) - (began - timedelta(began.weekday()))).days // 7
            return bool(weeks % self.interval == 0)
        if self.frequency == "Month":
            return bool((day.year * 12 + day.month - began.year * 12 - began.month) % self.interval == 0)
        return True


def read(trigger: Mapping[str, Any], zone: tzinfo, made: datetime) -> Trigger:
    """A trigger as the service has it.

    :param made: its start where it names none.
    :raises TriggerError: naming what cannot be read.
    """
    start = moment("startTime", trigger.get("startTime"), zone) or made
    end = moment("endTime", trigger.get("endTime"), zone)
    if trigger["triggerType"] == "Cron":
        return Trigger("Cron", zone, start, end, *cron(trigger["expression"]))
    if trigger["interval"] < 1:
        raise TriggerError("interval", f"{trigger['interval']} is less than 1.")
    frequency = trigger["frequency"]
    # Microsoft's client sends empty lists where no pattern was given.
    pattern = {key: value for key, value in (trigger.get("schedule") or {}).items() if value}
    if not pattern or frequency in ("Minute", "Hour"):
        return Trigger("Recurrence", zone, start, end, frequency=frequency, interval=trigger["interval"])
    local = start.astimezone(zone)
    days, month_days = pattern.get("weekDays"), pattern.get("monthDays")
    if not days and not month_days:
        days = [DAYS[local.weekday()]] if frequency == "Week" else None
        month_days = [local.day] if frequency == "Month" else None
    return Trigger(
        "Recurrence",
        zone,
        start,
        end,
        within("schedule.minutes", pattern.get("minutes") or [local.minute], 0, 59),
        within("schedule.hours", pattern.get("hours") or [local.hour], 0, 23),
        tuple(DAYS.index(day.lower()) for day in days) if days else None,
        within("schedule.monthDays", month_days, 1, 31) if month_days else None,
        frequency,
        trigger["interval"],
    )


def moment(field: str, text: str | None, zone: tzinfo) -> datetime | None:
    """A moment from text; one without an offset is in the trigger's zone.

    :raises TriggerError: it is none.
    """
    if not text:
        return None
    try:
        found: datetime | None = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        found = next(filter(None, (parsed(text, form) for form in FORMATS)), None)
    if found is None:
        raise TriggerError(field, f"{text!r} is no time such as 2022-05-10T10:15:00 or 2022-05-10T10:15:00-04:00.")
    return found if found.tzinfo else found.replace(tzinfo=zone)


def parsed(text: str, form: str) -> datetime | None:
    """A moment in one form, or None."""
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def within(field: str, values: list[int], least: int, most: int) -> tuple[int, ...]:
    """Numbers in a range, in order.

    :raises TriggerError: one is outside.
    """
    for value in values:
        if not least <= value <= most:
            raise TriggerError(field, f"{value} is not from {least} to {most}.")
    return tuple(sorted(set(values)))


def cron(expression: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Minutes, hours and days of the week (Monday is 0) of a cron expression.

    :raises TriggerError: it is none.
    """
    parts = expression.split()
    if len(parts) != 5:
        message = f"{expression!r} has {len(parts)} fields; it needs MINUTES HOURS DAYS MONTHS DAYS-OF-WEEK."
        raise TriggerError("expression", message)
    minutes, hours = field("expression", parts[0], 0, 59), field("expression", parts[1], 0, 23)
    days = field("expression", parts[4], 0, 6, CRON_DAYS)
    return minutes, hours, tuple(sorted((day - 1) % 7 for day in days))


def field(name: str, text: str, least: int, most: int, words: tuple[str, ...] = ()) -> tuple[int, ...]:
    """The numbers of one field of a cron expression: ``*``, ``1``, ``1,2``, ``1-5``, ``*/2``, ``1-9/2``, or words.

    :raises TriggerError: it is none of these, or a number is outside.
    """
    found: set[int] = set()
    for part in text.lower().split(","):
        span = re.fullmatch(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", part)
        if not span:
            raise TriggerError(name, f"{part!r} is not what a cron expression may have.")
        step = int(span[4] or 1)
        first = least if span[1] == "*" else number(name, span[2], words)
        last = most if span[1] == "*" or (span[4] and not span[3]) else number(name, span[3] or span[2], words)
        if step < 1 or not least <= first <= last <= most:
            raise TriggerError(name, f"{part!r} is not from {least} to {most}.")
        found |= set(range(first, last + 1, step))
    return tuple(sorted(found))


def number(name: str, text: str, words: tuple[str, ...]) -> int:
    """A number of a cron expression; names of days by their first three letters.

    :raises TriggerError: it is none.
    """
    if text.isdigit():
        return int(text)
    if text[:3] in words:
        return words.index(text[:3])
    raise TriggerError(name, f"{text!r} is no number.")
