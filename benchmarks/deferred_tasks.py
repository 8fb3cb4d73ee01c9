"""A thousand deferred tasks on a real Airflow 3.3, one triggerer: do all end, and how long after their jobs?

Call: ``python benchmarks/deferred_tasks.py [--tasks N] [--on-workers N] [--postgres] [--json FILE] [--picture FILE]``.
It takes some fifteen minutes: tasks are deferred, then jobs of a stand-in for the service end one after the other
within five minutes. All start in the triggerer; most end there, every so many-th comes back to a worker. The delay of a
task runs from its job's end, which the stand-in knows, to the end that Airflow's database tells. That is SQLite, or
with ``--postgres`` a PostgreSQL server of its own. ``--picture`` draws what the metrics told meanwhile;
``make metrics-picture`` has 20 tasks for that.

It exits 1 when a task did not succeed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import trustme

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from benchmarks.on_airflow.database import CONNECTION, Database  # noqa: E402
from benchmarks.on_airflow.picture import draw  # noqa: E402
from benchmarks.on_airflow.service import Plan  # noqa: E402
from benchmarks.on_airflow.workers import Workers  # noqa: E402
from demo.airflow import OPENER, Airflow, AirflowError  # noqa: E402
from tests.distributed.servers import MissingError, Postgres  # noqa: E402
from tests.statsd_listener import Listener, listening  # noqa: E402

BIN = Path(sys.executable).parent
RUN = "run"
DEFER_WITHIN, ENDS_LAST, LINGER = 1800.0, 300.0, 900.0
"""Seconds for all tasks to be deferred, for all jobs to end, and for the last task to follow its job."""

IN_ONE = 20
"""Tasks in a DAG, as ``on_airflow/deferred_dag.py`` lays them out."""

LEAD = 20.0
"""Seconds from the moment at which all are deferred to the first end."""


@contextlib.contextmanager
def service(place: Path, plan: Plan) -> Iterator[str]:
    """Run the stand-in; gives the connection to it, as Airflow takes it from the environment."""
    words = [sys.executable, "-m", "benchmarks.on_airflow.service", plan.to_text()]
    with subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            endpoint = f"https://127.0.0.1:{int(process.stdout.readline())}"
            extra = {
                "tenant_id": "tenant-1",
                "subscription_id": "sub-1",
                "resource_group": "rg-1",
                "workspace_name": "ws",
                "endpoint": endpoint,
                "verify": str(place / "ca.pem"),
            }
            yield json.dumps({"conn_type": "azureml", "login": "client-1", "password": "stand-in", "extra": extra})
        finally:
            process.terminate()


def answers(url: str) -> bool:
    """Whether somebody answers at an address, at first within minutes: the API server makes this API when asked."""
    try:
        OPENER.open(url, timeout=300).close()
    except OSError:
        return False
    return True


def states(database: Database) -> Counter[str]:
    """How many task instances are in each state."""
    return Counter(str(row[0]) for row in database.ask("SELECT state FROM task_instance WHERE run_id = :run", run=RUN))


def measure(place: Path, tasks: int, on_workers: int, listener: Listener, server: str | None) -> dict[str, Any]:
    """Run the DAG once.

    :param server: the address of the database; None for SQLite.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(place / "server.pem")
    dags = place / "dags"
    dags.mkdir()
    shutil.copy(REPOSITORY / "benchmarks" / "on_airflow" / "deferred_dag.py", dags)
    settings = {
        **listener.settings(),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "provider"), os.environ.get("PYTHONPATH", "")]),
        "BENCHMARK_TASKS": str(tasks),
        "BENCHMARK_ON_WORKERS": str(on_workers),
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "128",
        "AIRFLOW__TRIGGERER__CAPACITY": str(tasks + 100),
        # An API server that is busy with a thousand tasks keeps workers waiting. Airflow fails a task whose start it
        # has noted, but not confirmed in this time.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "180",
    }
    airflow = Airflow(BIN, place / "home", dags, settings=settings)
    if server is None:
        airflow.environment[CONNECTION] += "?timeout=60"
        airflow.prepare(place / "3.db")
    else:
        airflow.environment[CONNECTION] = server
        airflow.home.mkdir(parents=True, exist_ok=True)
        airflow.command("db", "migrate")
    database = Database(airflow.environment[CONNECTION])
    # The ends are known only when all are deferred: until then a stand-in of a far future answers.
    made = time.time()
    far = Plan(tasks, made, made + 10 * DEFER_WITHIN, made + 20 * DEFER_WITHIN, str(place))
    with service(place, far) as connection:
        airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = connection
        try:
            airflow.start()
            names = [f"deferred_tasks_{place}" for place in range(math.ceil(tasks / IN_ONE))]
            found = "SELECT dag_id FROM serialized_dag"
            airflow.until("DAGs", lambda: len(database.ask(found)) == len(names), timeout=600)
            airflow.until("API server", lambda: airflow.find("/version"), timeout=600)
            airflow.until("API for workers", lambda: answers(f"{airflow.url}/execution/health"), timeout=600)
            for name in names:
                airflow.api("PATCH", f"/dags/{name}", {"is_paused": False})
            return watched(airflow, database, far, names, listener)
        finally:
            airflow.stop()


def watched(airflow: Airflow, database: Database, plan: Plan, dags: list[str], listener: Listener) -> dict[str, Any]:
    """Start the runs, have the jobs end once all are deferred, and say what became of the tasks."""
    begun, tasks = time.time(), plan.jobs
    with Workers(airflow.running["scheduler"].pid) as workers:
        for dag in dags:
            airflow.api("POST", f"/dags/{dag}/dagRuns", {"dag_run_id": RUN, "logical_date": None})
        airflow.until("deferral of all tasks", lambda: states(database)["deferred"] == tasks, timeout=DEFER_WITHIN)
        airflow.until("wait of all", lambda: waiting(listener) == tasks, timeout=DEFER_WITHIN)
        deferred_at = time.time()
        print(f"{tasks} tasks deferred after {deferred_at - begun:.0f} s", flush=True)
        plan = let_end(plan, airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"])
        with contextlib.suppress(AirflowError):
            ended = ("success", "failed", "skipped", "upstream_failed")
            patience = LEAD + ENDS_LAST + LINGER
            airflow.until(
                "end", lambda: sum(states(database)[one] for one in ended) == tasks, timeout=patience, pause=2
            )
    rows = database.ask("SELECT task_id, state, end_date FROM task_instance WHERE run_id = :run", run=RUN)
    delays: dict[str, list[float]] = {"triggerer": [], "worker": []}
    for task, state, end in rows:
        where, _, number = task.partition("_")
        if state == "success":
            ended_at = datetime.fromisoformat(end).replace(tzinfo=timezone.utc) if isinstance(end, str) else end
            delays[where].append(ended_at.timestamp() - plan.end_of(int(number)))
    events = [one.value / 1000 for one in listener.of("azureml.event.delay")]
    return {
        "tasks": tasks,
        "database": database.url.partition(":")[0],
        "states": dict(Counter(str(row[1]) for row in rows)),
        "failures": {str(row[0]): last_lines(airflow, str(row[0])) for row in rows if row[1] == "failed"},
        "seconds_until_all_are_deferred": round(deferred_at - begun, 1),
        "seconds_of_ends": ENDS_LAST,
        "worker_starts": workers.starts,
        "worker_seconds": round(workers.seconds, 1),
        "delays": {where: spread(found) for where, found in delays.items() if found},
        "event_delay": spread(events),
        "requests": dict(Counter(one.tags["status"] for one in listener.of("azureml.requests", plane="data"))),
    }


def last_lines(airflow: Airflow, task: str) -> list[str]:
    """The end of a task's logs."""
    files = sorted((airflow.home / "logs").glob(f"dag_id=*/run_id={RUN}/task_id={task}/*"))
    return [line[:400] for file in files for line in file.read_text(errors="replace").splitlines()[-8:]]


def waiting(listener: Listener) -> float:
    """How many jobs the triggerer waits for, by its gauge."""
    found = listener.of("azureml.jobs.waiting")
    return found[-1].value if found else 0


def let_end(plan: Plan, connection: str) -> Plan:
    """Have the jobs end one after the other, from now on."""
    first = time.time() + LEAD
    changed = Plan(plan.jobs, plan.made, first, first + ENDS_LAST, plan.folder)
    url = f"{json.loads(connection)['extra']['endpoint']}/plan"
    context = ssl.create_default_context(cafile=str(Path(plan.folder) / "ca.pem"))
    request = urllib.request.Request(url, changed.to_text().encode(), method="PUT")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    opener.open(request, timeout=30).close()
    return changed


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and the largest of some times."""
    if len(seconds) < 2:
        return {"count": len(seconds)}
    marks = statistics.quantiles(seconds, n=20, method="inclusive")
    return {
        "count": len(seconds),
        "median": round(statistics.median(seconds), 1),
        "p95": round(marks[18], 1),
        "max": round(max(seconds), 1),
    }


def main() -> int:
    """Print the table; 0 when all tasks have succeeded."""
    parser = argparse.ArgumentParser(description="A thousand deferred tasks on a real Airflow.")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--on-workers", type=int, default=50, help="of them, so many come back to a worker")
    parser.add_argument("--postgres", action="store_true", help="start a PostgreSQL server for Airflow's database")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the metrics as SVG")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="deferred-tasks-"))
    try:
        with listening() as listener, Postgres.running() if options.postgres else contextlib.nullcontext() as server:
            url = server.url if server else None
            report = measure(place, options.tasks, options.on_workers, listener, url)
            if options.picture:
                options.picture.write_text(draw(listener.metrics), encoding="utf-8")
    except MissingError as missing:
        raise SystemExit(str(missing)) from None
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    head = ("tasks", "median", "p95", "max")
    print(f"{'from the end of a job, seconds':<44}" + "".join(f"{word:>10}" for word in head))
    names = {"triggerer": "to success, ended in the triggerer", "worker": "to success, back on a worker"}
    for where, figures in (*report["delays"].items(), ("event", report["event_delay"])):
        name = names.get(where, "to the trigger's event (azureml.event.delay)")
        print(f"{name:<44}" + "".join(f"{figures.get(key, ''):>10}" for key in ("count", *head[1:])))
    print(
        f"{report['states']}; all deferred after {report['seconds_until_all_are_deferred']} s; "
        f"{report['worker_starts']} worker starts, {report['worker_seconds']} worker seconds"
    )
    return 0 if report["states"] == {"success": options.tasks} else 1


if __name__ == "__main__":
    sys.exit(main())
