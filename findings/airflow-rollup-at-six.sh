#!/usr/bin/env bash
# A weekly rollup of a daily DAG never runs in Airflow 3.3.2 if the days are partitions of `0 6 * * *`; the UI counts 7 of 7, and no log says why.
#
# The mapper takes each key to its week, 2026-11-03T06:00:00 to 2026-11-02 (W45); the window then asks for the keys of seven
# midnights, and those never come. The view of the next run counts what has come without looking whether it is what was asked for,
# and shows the time of the last event, as of a run that is due. Months of a daily DAG and days of an hourly one at minute 15 are the
# same, and MinimumCount instead of all changes nothing. At `0 0 * * *` the week runs, and so it does at six with the
# key_format and the input_format "%Y-%m-%d". A day that is loaded again after its week has run begins a new week of 1 of 7.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow==3.3.2 apache-airflow-core==3.3.2 \
    apache-airflow-task-sdk==1.3.2 apache-airflow-providers-standard==1.21.0

cat > "$folder/expected.txt" <<'TEXT'
week of days at 0 0 * * *: runs of 2026-11-02 (W45); nothing is pending
its Wednesday once more: runs of 2026-11-02 (W45); pending, 1 of 7
week of days at 0 6 * * *: no run; pending, 7 of 7, due
week of at least 3 days at 0 6 * * *: no run; pending, 7 of 7, due
month of days at 0 6 * * *: no run; pending, 30 of 30, due
day of hours at 15 * * * *: no run; pending, 24 of 24, due
week of days at 0 6 * * * by %Y-%m-%d: runs of 2026-11-02 (W45); nothing is pending
warnings and errors in the log: 0
TEXT
cat > "$folder/rollups.py" <<'PYTHON'
from itertools import islice
from pathlib import Path

import pendulum
import sqlalchemy
from sqlalchemy.engine import Engine


@sqlalchemy.event.listens_for(Engine, "connect")
def write_fast(connection, _):
    connection.execute("PRAGMA synchronous = OFF")


from airflow.api_fastapi.core_api.routes.ui.assets import next_run_assets
from airflow.assets.manager import AssetManager
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.asset import AssetModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.serialized_dag import SerializedDagModel
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import (
    DAG,
    Asset,
    CronPartitionTimetable,
    DayWindow,
    MinimumCount,
    MonthWindow,
    PartitionedAssetTimetable,
    RollupMapper,
    StartOfDayMapper,
    StartOfMonthMapper,
    StartOfWeekMapper,
    WeekWindow,
)
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.timetables.base import TimeRestriction
from airflow.utils.db import initdb
from airflow.utils.session import create_session

seen = []


def keep(session, name, schedule, start, outlets=()):
    """The DAG as the scheduler reads it from its database."""
    with DAG(name, schedule=schedule, start_date=start, catchup=True, is_paused_upon_creation=False) as dag:
        EmptyOperator(task_id="work", outlets=list(outlets))
    lazy = LazyDeserializedDAG.from_dag(dag)
    SerializedDAG.bulk_write_to_db("here", None, [lazy], session=session)
    SerializedDagModel.write_dag(lazy, bundle_name="here", session=session)
    session.flush()
    return SerializedDagModel.get_dag(name, session=session)


def parts(timetable, start):
    """The runs that the schedule asks for, one after another."""
    info = None
    while True:
        info = timetable.next_dagrun_info_v2(last_dagrun_info=info, restriction=TimeRestriction(start, None, True))
        yield info


class Rollup:
    """A DAG of parts, and one that puts them together."""

    def __init__(self, session, title, cron, mapper, window, start=(2026, 11, 2), key=None, **more):
        self.session, self.title, self.name = session, title, f"rollup_{len(seen)}"
        start = pendulum.datetime(*start)
        asset = Asset(self.name)
        schedule = CronPartitionTimetable(cron, timezone="UTC", **(key or {}))
        rollup = RollupMapper(upstream_mapper=mapper, window=window, **more)
        self.parts = parts(keep(session, f"{self.name}_parts", schedule, start, [asset]).timetable, start)
        keep(session, self.name, PartitionedAssetTimetable(assets=asset, default_partition_mapper=rollup), start)

    def load(self, infos):
        """What the scheduler makes of an event for each of the parts, and what the UI says of the next run."""
        asset = self.session.scalar(sqlalchemy.select(AssetModel).where(AssetModel.name == self.name))
        for info in infos:
            AssetManager.register_asset_change(
                asset=asset, session=self.session, partition_key=info.partition_key, partition_date=info.partition_date
            )
        self.session.flush()
        runner._create_dagruns_for_partitioned_asset_dags(self.session)
        self.session.flush()
        keys = self.session.scalars(sqlalchemy.select(DagRun.partition_key).where(DagRun.dag_id == self.name)).all()
        view = next_run_assets(self.name, self.session)
        (event,) = view.events
        pending = f"pending, {event.received_count} of {event.required_count}{', due' if event.last_update else ''}"
        runs = f"runs of {', '.join(keys)}" if keys else "no run"
        seen.append(f"{self.title}: {runs}; {pending if view.pending_partition_count else 'nothing is pending'}\n")


initdb()
with create_session() as session:
    session.add(DagBundleModel(name="here"))
    session.flush()
    runner = SchedulerJobRunner(job=Job(), executors=[])
    week = Rollup(session, "week of days at 0 0 * * *", "0 0 * * *", StartOfWeekMapper(), WeekWindow())
    days = list(islice(week.parts, 7))
    week.load(days)
    week.title = "its Wednesday once more"
    week.load(days[2:3])
    six = "0 6 * * *"
    week = Rollup(session, f"week of days at {six}", six, StartOfWeekMapper(), WeekWindow())
    week.load(islice(week.parts, 7))
    some = MinimumCount(3)
    week = Rollup(session, f"week of at least 3 days at {six}", six, StartOfWeekMapper(), WeekWindow(), wait_policy=some)
    week.load(islice(week.parts, 7))
    month = Rollup(session, f"month of days at {six}", six, StartOfMonthMapper(), MonthWindow(), start=(2026, 11, 1))
    month.load(islice(month.parts, 30))
    day = Rollup(session, "day of hours at 15 * * * *", "15 * * * *", StartOfDayMapper(), DayWindow())
    day.load(islice(day.parts, 24))
    plain = "%Y-%m-%d"
    mapper = StartOfWeekMapper(input_format=plain)
    week = Rollup(session, f"week of days at {six} by {plain}", six, mapper, WeekWindow(), key={"key_format": plain})
    week.load(islice(week.parts, 7))
Path("seen.txt").write_text("".join(seen))
PYTHON
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder" AIRFLOW__CORE__LOAD_EXAMPLES=False venv/bin/python -W ignore rollups.py > log 2>&1)
complaints=$(grep -E "\[(warning|error|critical) " "$folder/log" | grep -vc jwt_secret || true)
echo "warnings and errors in the log: $complaints" >> "$folder/seen.txt"
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which rollups Airflow 3.3.2 runs."
