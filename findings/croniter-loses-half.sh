#!/usr/bin/env bash
# croniter 7.0.0, which Airflow 3.3.2 asks, leaves out the 1st of `0 6 1 * MON#1` and the Fridays of `0 6 15W * FRI`: of two days that start a run, one is lost.
#
# Of a day of the month and a day of the week either one starts a run: so croniter reads `0 6 1 * MON`, and L as the day. With `#`
# the days of the month count no more, with W the days of the week: a training for each first of the month and each first Monday
# runs 12 times a year instead of 23, one for the weekday next to the 15th and each Friday 12 times instead of 62, and no run fails.
# cronsim 2.8, which has no W, runs on both, and what Airflow shows of the schedule joins the two with "(or)" as it does elsewhere.
# If the two can never be one day, as the 15th and a first Monday, croniter raises an error. Two schedules, one for each of the
# days, do what is meant (Airflow: MultipleCronTriggerTimetable).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8 python-dateutil==4.0.0

cat > "$folder/expected.txt" <<'TEXT'
0 6 1 * MON
  croniter 63: 01 Jan, 05 Jan, 12 Jan
  cronsim  63: 01 Jan, 05 Jan, 12 Jan
0 6 L * FRI
  croniter 63: 02 Jan, 09 Jan, 16 Jan
  cronsim  63: 02 Jan, 09 Jan, 16 Jan
0 6 1 * MON#1
  croniter 12: 05 Jan, 02 Feb, 02 Mar
  cronsim  23: 01 Jan, 05 Jan, 01 Feb
0 6 1,10 * FRI#2
  croniter 12: 09 Jan, 13 Feb, 13 Mar
  cronsim  34: 01 Jan, 09 Jan, 10 Jan
0 6 25-31 * L5
  croniter 12: 30 Jan, 27 Feb, 27 Mar
  cronsim  CronSimError
0 6 15 * FRI
  croniter 63: 02 Jan, 09 Jan, 15 Jan
  cronsim  63: 02 Jan, 09 Jan, 15 Jan
0 6 15W * FRI
  croniter 12: 15 Jan, 16 Feb, 16 Mar
  cronsim  CronSimError
0 6 15 * MON#1
  croniter CroniterBadDateError
  cronsim  24: 05 Jan, 15 Jan, 02 Feb
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
from datetime import datetime
from itertools import takewhile

from croniter import CroniterBadDateError, croniter
from cronsim import CronSim, CronSimError

START, END = datetime(2025, 12, 31, 12), datetime(2027, 1, 1)


def in_2026(times):
    """How many of the times are in 2026, and the first three of them."""
    days = [time.strftime("%d %b") for time in takewhile(lambda time: time < END, times)]
    return f"{len(days)}: {', '.join(days[:3])}"


def count(make, expression):
    try:
        return in_2026(make(expression))
    except (CroniterBadDateError, CronSimError) as error:
        return type(error).__name__


def tell(expression):
    print(expression)
    print("  croniter", count(lambda text: croniter(text, START, ret_type=datetime), expression))
    print("  cronsim ", count(lambda text: CronSim(text, START), expression))


for day, weekday in ("1", "MON"), ("L", "FRI"), ("1", "MON#1"), ("1,10", "FRI#2"), ("25-31", "L5"):
    tell(f"0 6 {day} * {weekday}")
for day, weekday in ("15", "FRI"), ("15W", "FRI"), ("15", "MON#1"):
    tell(f"0 6 {day} * {weekday}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which days start a run."
