"""The test bed: one emulator, and an Airflow whose parts live on machines of their own, as far as one machine allows.

Each machine has an address of its own on the loopback network, which is its host name, a home, and a folder for logs
that nobody else reads: a task's log comes from the log server of the worker or triggerer that wrote it. DAG files are
the same everywhere. All parts are forks of one interpreter that has loaded Airflow, so that a part which was killed is
back in a second.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from demo.airflow import AirflowError, free_port
from tests import REPOSITORY
from tests.airflow_harness import SETTINGS
from tests.distributed import host
from tests.distributed.servers import Postgres, Redis
from tests.distributed.supervised import OlderAirflow, Part, SupervisedAirflow
from tests.emulator_fixture import leave_out_public_roots
from tests.real_airflow import DATABASE, Service

BIN = Path(sys.executable).parent
AIRFLOW2 = REPOSITORY / ".venvs" / "airflow2" / "bin"
JOBS_PYTHON = REPOSITORY / ".venvs" / "jobs" / "bin" / "python"

DEFAULT, SECOND = "default", "second"
"""The two queues: the first worker serves the first one, the second worker both."""

HEAD = "127.0.0.1"
WORKERS = {"worker-1": ("127.0.0.11", (DEFAULT,)), "worker-2": ("127.0.0.12", (DEFAULT, SECOND))}
TRIGGERERS = {"triggerer-1": "127.0.0.21", "triggerer-2": "127.0.0.22"}

SLOTS = 12
"""Tasks at a time on each worker."""

CHANGES = 4
"""Changes that the REST API is asked for at a time. 3.3 writes down who asked for one in its event loop: while each
connection of its pool is held by a request, the loop waits for one, and no request can be done with and give its back
before ``[database] sql_alchemy_pool_timeout`` (30 s)."""

PATIENT_SETTINGS = {
    **SETTINGS,
    "AIRFLOW__CORE__PARALLELISM": "32",
    # Processors are few here: what is merely late must not count as dead all the time.
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "20",
    # How soon a task that was handed to a dead worker is handed out again: 600 s by default.
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "15",
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    # A scheduler minds heartbeats and queues only of what it has queued itself. What one that died had queued is taken
    # over at such a look, of which the first comes before it counts as dead: 300 s apart by default.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    # More than the requests that the API server takes at a time, of 40 threads: see ``CHANGES``.
    "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "20",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW": "40",
}


class DistributedAirflow(SupervisedAirflow):
    """Airflow 3 on PostgreSQL, with two triggerers, and Celery's workers or LocalExecutor's.

    :param redis: the address of the broker; None for LocalExecutor.
    :param preload: further modules that the interpreter loads whose forks all parts are.
    """

    def __init__(
        self,
        bin: Path,
        home: Path,
        dags: Path,
        *,
        postgres: str,
        redis: str | None,
        preload: Sequence[str] = (),
        **keywords: Any,
    ) -> None:
        super().__init__(bin, home, dags, **keywords)
        self._log_ports = {"worker": str(free_port()), "trigger": str(free_port())}
        self._local = threading.local()
        self.workers = dict(WORKERS) if redis else {}
        self.environment |= {
            DATABASE: postgres,
            "PYTHONPATH": os.pathsep.join(filter(None, (self.environment.get("PYTHONPATH"), str(REPOSITORY)))),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": f"{host.__name__}.{host.name.__name__}",
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(24),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": self._log_ports["worker"],
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": self._log_ports["trigger"],
        }
        if redis:
            self.environment |= {
                "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
                "AIRFLOW__CELERY__BROKER_URL": f"{redis}0",
                "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{postgres}",
                "AIRFLOW__CELERY__SYNC_PARALLELISM": "1",
                "AIRFLOW__OPERATORS__DEFAULT_QUEUE": DEFAULT,
            }
        celery = "airflow.providers.celery.cli.celery_command"
        self.parser = (*self.parser, celery, "uvicorn", "psycopg2", "asyncpg", *preload)

    writing = threading.BoundedSemaphore(CHANGES)

    @property
    def parts(self) -> Mapping[str, Part]:
        """All parts, and the log servers of workers and triggerers beside them."""
        at_head = self._at("head", HEAD)
        found = {name: Part((name,), at_head) for name in ("api-server", "dag-processor")}
        found["scheduler"] = Part(("scheduler", "--skip-serve-logs"), at_head)
        for name, address in TRIGGERERS.items():
            found[name] = Part(("triggerer", "--skip-serve-logs"), self._at(name, address))
            found[f"logs of {name}"] = self._log_server(name, address, "trigger")
        for name, (address, queues) in self.workers.items():
            words: tuple[str, ...] = ("celery", "worker", "--queues", ",".join(queues), "--concurrency", str(SLOTS))
            words += ("--celery-hostname", name, "--skip-serve-logs", "--without-mingle", "--without-gossip")
            found[name] = Part(words, self._at(name, address))
            found[f"logs of {name}"] = self._log_server(name, address, "worker")
        if not self.workers:
            found["logs of head"] = self._log_server("head", HEAD, "worker")
        return found

    def _at(self, machine: str, address: str) -> dict[str, str]:
        home = self.home / machine
        home.mkdir(exist_ok=True)
        return {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            host.VARIABLE: address,
        }

    def _log_server(self, machine: str, address: str, kind: str) -> Part:
        (self.home / machine / "logs").mkdir(parents=True, exist_ok=True)
        words = ("-m", "uvicorn", "--factory", "airflow.utils.serve_logs.log_server:get_app", "--log-level", "warning")
        return Part((*words, "--host", address, "--port", self._log_ports[kind]), self._at(machine, address))

    def make_database(self) -> None:
        """Make Airflow's tables."""
        self.home.mkdir(parents=True, exist_ok=True)
        done = self.loaded.run("-m", "airflow", "db", "migrate", settings=self._at("head", HEAD))
        if done.returncode:
            raise AirflowError(f"airflow db migrate ended with {done.returncode}: {done.stderr[-2000:]}")

    def start(self, *names: str) -> None:
        """Start parts, or all; then the API server answers workers."""
        super().start(*names)
        if not names:
            self.until("API server", self._answers_workers, timeout=600)

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database, again while it is away."""
        import psycopg2

        def ask() -> list[tuple[Any, ...]] | None:
            connection = getattr(self._local, "connection", None)
            try:
                if connection is None:
                    address = self.environment[DATABASE].replace("+psycopg2", "")
                    connection = self._local.connection = psycopg2.connect(address, connect_timeout=10)
                    connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(query.replace("?", "%s"), values)
                    found.append(cursor.fetchall())
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._local.connection = None
                return None
            return found[-1] or [()]

        found: list[list[tuple[Any, ...]]] = []
        self.until("database", ask)
        return found[-1]

    def trigger(self, dag: str, run: str, *, conf: dict[str, Any] | None = None, day: date | None = None) -> None:
        """Switch a DAG on and start a run of it, by the REST API.

        :param day: the run's logical date; without one it has none.
        """
        known = "SELECT is_paused FROM dag JOIN serialized_dag USING (dag_id) WHERE dag_id = ?"
        if self.until(f"DAG {dag}", lambda: self.sql(known, dag), timeout=600)[0][0]:
            self.api("PATCH", f"/dags/{dag}", {"is_paused": False})
        logical = f"{day}T00:00:00Z" if day else None
        self.api("POST", f"/dags/{dag}/dagRuns", {"dag_run_id": run, "logical_date": logical, "conf": conf or {}})

    def log(self, dag: str, run: str, task: str) -> str:
        """The whole log of a task, of all machines."""
        places = self.home.glob(f"*/logs/dag_id={dag}/run_id={run}/task_id={task}/**/*.log*")
        return "\n".join(place.read_text(encoding="utf-8", errors="replace") for place in sorted(places))

    def shown_log(self, dag: str, run: str, task: str, attempt: int) -> str:
        """The log of one try as the UI shows it: the API server fetches it from where it was written."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}?full_content=true"
        return str((self.find(path) or {}).get("content", ""))

    def link(self, dag: str, run: str, task: str) -> str | None:
        """The address of the link *Azure ML Studio*."""
        found = self.find(f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/links") or {}
        link: str | None = found.get("extra_links", {}).get("Azure ML Studio")
        return link


class Bed:
    """An Airflow and an emulator, with the servers that they need.

    :param place: the folder of all that.
    :param airflow: the Airflow; ``airflow.service`` is the emulator.
    :param postgres: its database server; None for SQLite.
    :param redis: its broker; None without Celery.
    """

    def __init__(
        self, place: Path, airflow: SupervisedAirflow, service: Service, postgres: Postgres | None, redis: Redis | None
    ) -> None:
        self.place, self.airflow, self.service, self.postgres, self.redis = place, airflow, service, postgres, redis

    def facts(self) -> dict[str, Any]:
        """Addresses, folders and processes, for programs beside this one. Process ids change with each restart."""
        environment = self.airflow.environment
        return {
            "place": str(self.place),
            "api": f"{self.airflow.url}/api/v2" if self.airflow.major > 2 else None,
            "database": environment[DATABASE],
            "broker": environment.get("AIRFLOW__CELERY__BROKER_URL"),
            "dags": str(self.airflow.dags),
            "home": str(self.airflow.home),
            "emulator": {"state": str(self.service.state), "pid": self.service.process and self.service.process.pid},
            "parts": {
                name: {"pid": process.pid, "log": str(self.airflow.home / f"{name}.log")}
                for name, process in self.airflow.running.items()
            },
            "restarts": dict(self.airflow.restarts),
            "environment": {name: value for name, value in environment.items() if name.startswith("AIRFLOW_")},
        }


KINDS = ("celery", "local", "airflow2")


@contextlib.contextmanager
def bed(
    kind: str,
    dags: Mapping[str, Path],
    *,
    python: Path = JOBS_PYTHON,
    settings: Mapping[str, str] | None = None,
    preload: Sequence[str] = (),
    in_database: bool = False,
    keep: bool = False,
) -> Iterator[Bed]:
    """Run a bed; it is gone afterwards.

    :param kind: one of ``KINDS``: CeleryExecutor, LocalExecutor, or LocalExecutor on Airflow 2.11.
    :param dags: folders of DAG files, by the names that they get in Airflow's.
    :param python: the interpreter of the jobs.
    :param settings: environment variables of Airflow's processes.
    :param preload: further modules that all parts of Airflow find loaded.
    :param in_database: the connection ``azureml_default`` is in Airflow's database; else it is in the environment.
    :param keep: leave the folder with all logs.
    :raises MissingError: a server's program is not on this machine.
    """
    with contextlib.ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix=f"bed-{kind}-"))
        if not keep:
            stack.callback(shutil.rmtree, place, ignore_errors=True)
        for name, folder in dags.items():
            shutil.copytree(folder, place / "dags" / name, ignore=shutil.ignore_patterns("__pycache__"))
        chosen = {**PATIENT_SETTINGS, **(settings or {})}
        postgres = redis = None
        if kind != "airflow2":
            postgres = stack.enter_context(Postgres.running())
        if kind == "celery":
            redis = stack.enter_context(Redis.running())
        service = Service(BIN, place / "emulator", python)
        stack.callback(service.stop)
        service.start()
        leave_out_public_roots(service.wait())
        airflow: OlderAirflow | DistributedAirflow
        if postgres is None:
            airflow = OlderAirflow(AIRFLOW2, place / "home", place / "dags", settings=chosen, preload=preload)
        else:
            address = redis.url if redis else None
            airflow = DistributedAirflow(
                BIN,
                place / "home",
                place / "dags",
                postgres=postgres.url,
                redis=address,
                preload=preload,
                settings=chosen,
            )
        airflow.service = service
        connection = service.wait()["airflow_connection"]
        if not in_database:
            airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = connection
        stack.callback(airflow.stop)
        airflow.make_database()
        airflow.start()
        if in_database:
            airflow.add_connection("azureml_default", connection)
        yield Bed(place, airflow, service, postgres, redis)
