#!/usr/bin/env bash
# depends_on_past keeps nothing back in Airflow 3.3.2 where a DAG is scheduled by assets or by partitions, and nothing says so.
#
# The run before is looked up by the logical date. A run that an asset has started has none, nor has one of the schedule by
# partitions that is new in 3.2, although it counts the days as any cron does: each is the first run of its task. So today's
# load starts although yesterday's has failed, or is still at work, with wait_for_downstream as well. The same DAG under
# CronTriggerTimetable waits. max_active_runs=1 keeps runs apart, and lets the next one begin after a failure.
# The question is put to the scheduler's own function, in its database.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow==3.3.2 apache-airflow-core==3.3.2 \
    apache-airflow-task-sdk==1.3.2 apache-airflow-providers-standard==1.21.0

cat > "$folder/expected.txt" <<'TEXT'
by cron, catchup True: day 1 failed, day 2 starts nothing
by cron, catchup True: day 1 running, day 2 starts nothing
by cron, catchup False: day 1 failed, day 2 starts nothing
by cron, catchup False: day 1 running, day 2 starts nothing
by partitions of a cron, catchup True: day 1 failed, day 2 starts load
by partitions of a cron, catchup True: day 1 running, day 2 starts load
by partitions of a cron, catchup False: day 1 failed, day 2 starts load
by partitions of a cron, catchup False: day 1 running, day 2 starts load
by an asset, catchup True: day 1 failed, day 2 starts load
by an asset, catchup True: day 1 running, day 2 starts load
by an asset, catchup False: day 1 failed, day 2 starts load
by an asset, catchup False: day 1 running, day 2 starts load
by an asset's partitions, catchup True: day 1 failed, day 2 starts load
by an asset's partitions, catchup True: day 1 running, day 2 starts load
by an asset's partitions, catchup False: day 1 failed, day 2 starts load
by an asset's partitions, catchup False: day 1 running, day 2 starts load
TEXT
cat > "$folder/daily.py" <<'PYTHON'
from itertools import product
from pathlib import Path

import pendulum
import sqlalchemy
from sqlalchemy.engine import Engine


@sqlalchemy.event.listens_for(Engine, "connect")
def write_fast(connection, _):
    connection.execute("PRAGMA synchronous = OFF")


from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, CronPartitionTimetable, CronTriggerTimetable, PartitionedAssetTimetable
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.timetables.base import TimeRestriction
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType, DagRunType

START = pendulum.datetime(2026, 11, 1)
SCHEDULES = {
    "by cron": CronTriggerTimetable("@daily", timezone="UTC"),
    "by partitions of a cron": CronPartitionTimetable("@daily", timezone="UTC"),
    "by an asset": [Asset("orders")],
    "by an asset's partitions": PartitionedAssetTimetable(assets=Asset("orders")),
}


def kept(number, schedule, catchup, session):
    """The DAG as the scheduler reads it from its database."""
    with DAG(f"daily_{number}", schedule=schedule, start_date=START, catchup=catchup) as dag:
        EmptyOperator(task_id="load", depends_on_past=True, wait_for_downstream=True)
    lazy = LazyDeserializedDAG.from_dag(dag)
    SerializedDAG.bulk_write_to_db("here", None, [lazy], session=session)
    SerializedDagModel.write_dag(lazy, bundle_name="here", session=session)
    session.flush()
    return SerializedDagModel.get_dag(dag.dag_id, session=session)


def runs(dag, session):
    """Two runs, a day apart: those that the schedule asks for, or those of two updates of the asset."""
    info = None
    for day in 1, 2:
        values = {"run_after": START.add(days=day), "run_type": DagRunType.ASSET_TRIGGERED, "logical_date": None}
        values |= {"data_interval": None, "triggered_by": DagRunTriggeredByType.ASSET}
        if dag.timetable.partitioned:
            values["partition_key"] = f"2026-11-0{day}"
        if not dag.timetable.asset_condition:
            info = dag.timetable.next_dagrun_info_v2(last_dagrun_info=info, restriction=TimeRestriction(START, None, True))
            values = {"run_after": info.run_after, "run_type": DagRunType.SCHEDULED}
            values |= {"logical_date": info.data_interval and info.logical_date, "data_interval": info.data_interval}
            values |= {"partition_key": info.partition_key, "partition_date": info.partition_date}
            values["triggered_by"] = DagRunTriggeredByType.TIMETABLE
        run = dag.create_dagrun(run_id=f"day_{day}", state="running", session=session, **values)
        run.dag = dag
        yield run


seen = []
initdb()
with create_session() as session:
    session.add(DagBundleModel(name="here"))
    session.flush()
    for number, (title, catchup) in enumerate(product(SCHEDULES, (True, False))):
        first, second = runs(kept(number, SCHEDULES[title], catchup, session), session)
        for state in "failed", "running":
            first.get_task_instances(session=session)[0].state = state
            session.flush()
            starts = [task.task_id for task in second.task_instance_scheduling_decisions(session=session).schedulable_tis]
            seen.append(f"{title}, catchup {catchup}: day 1 {state}, day 2 starts {', '.join(starts) or 'nothing'}\n")
Path("seen.txt").write_text("".join(seen))
PYTHON
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder" AIRFLOW__CORE__LOAD_EXAMPLES=False venv/bin/python -W ignore daily.py > log 2>&1)
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what depends_on_past keeps back in Airflow 3.3.2."
