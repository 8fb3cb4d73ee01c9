"""Run in an Airflow of its own, 3.3 or 2.11: each DAG of a folder by ``dag.test()``; what it says is its log.

Call: ``python runner.py DAGS_FOLDER [DAG_ID ...]``. Standard library and Airflow only; what became of the runs stands
in Airflow's database.
"""

from __future__ import annotations

import asyncio
import datetime
import faulthandler
import importlib
import os
import sys
import threading
import time
from typing import Any

import airflow
from airflow import settings

from airflow_azureml.plugin import notes
from airflow_azureml.triggers import base

TOO_LONG = 400.0
"""Seconds after which this process says where it stands, and ends."""


def give_up() -> None:
    """Say where all threads and coroutines stand, and end this process."""
    for task in list(getattr(asyncio.tasks, "_all_tasks", ())) + list(getattr(asyncio.tasks, "_scheduled_tasks", ())):
        task.print_stack(file=sys.stderr)
    faulthandler.dump_traceback(sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def loaded(folder: str) -> Any:
    """All DAGs of a folder, as Airflow itself parses them."""
    three = airflow.__version__.startswith("3")
    module = importlib.import_module("airflow.dag_processing.dagbag" if three else "airflow.models.dagbag")
    bag = module.DagBag(folder)
    if bag.import_errors:
        raise SystemExit(f"{bag.import_errors}")
    return bag


OWN_FILES = set[str]()
"""The files of the DAGs that are run."""


def is_own_file(file_path: str, **more: object) -> bool:
    """Whether Airflow is to parse a file, for its setting ``might_contain_dag_callable``."""
    return file_path in OWN_FILES


def main() -> None:
    """Run the DAGs, each to its end."""
    overseer = threading.Timer(TOO_LONG, give_up)
    overseer.daemon = True
    overseer.start()
    # Airflow may have been loaded before this process was told of its home.
    settings.configure_vars()  # type: ignore[no-untyped-call]
    settings.configure_orm()  # type: ignore[no-untyped-call]
    # No scheduler here has to digest that a worker is done.
    base.SETTLE = 0
    bag = loaded(sys.argv[1])
    three = airflow.__version__.startswith("3")
    if three:
        notes.listen()  # XComs are stored here, as else in the API server
    # One and the same day, at a time of that day that no other run has.
    noon = datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.timezone.utc)
    moment = noon + datetime.timedelta(microseconds=time.time_ns() // 1000 % 10**10)
    name = "logical_date" if three else "execution_date"
    chosen = sys.argv[2:] or sorted(bag.dags)
    # 3.3 parses and stores whatever lies beside a DAG each time, which takes a third of a short run.
    OWN_FILES.update(bag.dags[dag_id].fileloc for dag_id in chosen)
    os.environ["AIRFLOW__CORE__MIGHT_CONTAIN_DAG_CALLABLE"] = f"{__name__}.{is_own_file.__name__}"
    for dag_id in chosen:
        try:
            if not three:
                bag.dags[dag_id].sync_to_db()  # else its datasets are not known
            bag.dags[dag_id].test(**{name: moment})
        except Exception as error:  # noqa: BLE001 - 2.11 lets the failure of a task out
            print(f"{dag_id}: {error!r}")
    vars(notes)["_writer"]().shutdown()


if __name__ == "__main__":
    main()
