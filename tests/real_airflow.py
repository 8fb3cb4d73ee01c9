"""A real Airflow and a real emulator, and what tests do to them: ask, count, clear, mark, kill, freeze."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from azureml_emulator.console.inspection import jobs_made, requests_received
from demo import processes
from demo.airflow import COMPONENTS, Airflow, AirflowError, ApiError, T
from demo.emulator import Emulator
from tests import REPOSITORY
from tests.airflow_tables import connected, write_state
from tests.emulator_fixture import run_cli
from tests.statsd_listener import Listener

BIN = Path(sys.executable).parent
"""Where the commands of the Airflow are that the tests themselves run in."""
SECOND = "second triggerer"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
PATIENT, IMPATIENT = "?timeout=60", "?timeout=5"
"""For how many seconds a component waits until SQLite lets it write."""

ENDED = {"success", "failed", "skipped", "upstream_failed"}

PRELOAD = REPOSITORY / "tests" / "airflow" / "preload.py"
PRELOADED = {3: (PRELOAD, REPOSITORY / "tests" / "warm_api.py"), 2: (PRELOAD,)}
"""What forked components find loaded."""
CONSOLE = REPOSITORY / "tests" / "airflow_console.py"
API_SERVER = """
from airflow import settings
from airflow.__main__ import main
settings.configure_vars()
settings.configure_orm()
main()
"""
"""The API server in a fork: the database's address, which is another one for it, is read when Airflow is loaded."""


class Service(Emulator):
    """The emulator, with faults to ask for and jobs to count.

    Its records are read as the command ``journal`` reads them, but not through what that prints: cases that run beside
    each other in threads would lose it to pytest, which exchanges the standard output between two tests.
    """

    def made(self, experiment: str, *, besides: set[str] | None = None) -> list[dict[str, Any]]:
        """List the jobs of an experiment, the oldest first, without those named in ``besides``."""
        return [job for job in jobs_made(self.state, experiment) if job["name"] not in (besides or set())]

    def puts(self, job: str) -> int:
        """Count the PUTs of a job that were received."""
        requests = requests_received(self.state, f"/jobs/{job}")
        return sum(one["method"] == "PUT" and str(one["path"]).endswith(f"/jobs/{job}") for one in requests)

    def fault(self, kind: str, *words: str) -> None:
        """Ask for a fault, in the words of `azureml-emulator fault add`."""
        self._fault("add", kind, *words)

    def clear_faults(self, *, scope: str | None = None) -> None:
        """Forget all faults, or those of one scope."""
        self._fault("clear", *(() if scope is None else ("--scope", scope)))

    def _fault(self, verb: str, *words: str) -> None:
        run_cli("fault", verb, *words, state=self.state)


class RealAirflow(Airflow):
    """Airflow with what a test needs beside the demo: its database to look at, its parts to hurt."""

    service: Service
    metrics: Listener
    parser: Sequence[str] = (*Airflow.parser, "airflow.cli.commands.dag_command", "airflow.cli.commands.task_command")

    def __init__(self, bin: Path, home: Path, dags: Path, *, major: int = 3, settings: Mapping[str, str] | None = None):
        super().__init__(bin, home, dags, major=major, settings=settings)
        self._console: tuple[IO[str], IO[str]] | None = None
        self._one_command = threading.Lock()
        self._own = threading.local()
        self._ended_with_it = contextlib.ExitStack()

    writing: contextlib.AbstractContextManager[Any] = threading.Lock()
    """Held while the REST API is asked to change something: 3.3 writes down who asked in its event loop, which stands
    still for seconds when SQLite is busy with another such request."""

    def command(self, *words: str, settings: Mapping[str, str] | None = None) -> str:
        """Run one of Airflow's own commands to its end and give back what it printed: while Airflow runs, in a fork
        that takes one after the other."""
        if not self.running or settings:
            return super().command(*words, settings=settings)
        with self._one_command:
            if self._console is None:
                self._console = self._ended_with_it.enter_context(self.loaded.talk(CONSOLE))
            questions, answers = self._console
            print(json.dumps(words), file=questions, flush=True)
            code, printed = json.loads(answers.readline())
        if code:
            raise AirflowError(f"airflow {' '.join(words)} ended with {code}: {printed[-2000:]}")
        return str(printed)

    def stop(self) -> None:
        """End all components and whatever they started."""
        self._console = None
        self._ended_with_it.close()
        super().stop()

    def start(self, *names: str) -> None:
        """Start the components of these names, or all.

        The API server does not wait long for SQLite: it would wait for itself. 3.3 writes down who asked for a change
        in its event loop (``api_fastapi/logging/decorators.py``), while another request, whose transaction holds the
        database, may need that loop to be committed.
        """
        super().start(*names)
        if "api-server" in (names or COMPONENTS[self.major]):
            # A worker that waits for it in vain gives up; the scheduler then finds the task still queued ("state
            # mismatch"), and counts a try.
            self.until("API server", self._answers_workers, timeout=300)

    def _answers_workers(self) -> bool:
        """Whether the API server has answered a request to the API for workers, however."""
        try:
            self._send("GET", f"{self.url}/execution/health", None, {})
        except ApiError:
            return True
        except OSError:
            return False
        return True

    def begin(self, words: Sequence[str], log: Path) -> processes.Process:
        """Begin a component; the API server with a database setting of its own."""
        if words[0] != "api-server":
            return super().begin(words, log)
        impatient = {DATABASE: self.environment[DATABASE].replace(PATIENT, IMPATIENT)}
        script = ("-c", API_SERVER, *words)
        return self.loaded.start(*script, cwd=self.home, outputs=[log, log], settings=impatient, leads=True)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the REST API (3.x), for one change at a time; one that found the database locked was not made."""
        if method == "GET":
            return super().api(method, path, body)
        with self.writing:
            for pause in (1, 2, 4, 8):
                try:
                    return super().api(method, path, body)
                except ApiError as error:
                    if error.status != 500:
                        raise
                time.sleep(pause)
            return super().api(method, path, body)

    def preloaded(self) -> Sequence[Path]:
        """The API among it, which else the API server makes, and each triggerer that for workers for itself."""
        return PRELOADED[self.major]

    def page(self, part: str, dag: str, run: str, task: str) -> Any:
        """A part of what the tab of a task's page is given: ``task``, ``job`` or another (3.1 and later).

        None where Airflow has no such tab, and answers with something else or not at all.
        """
        if self.major == 2 or self.find("/version") is None:
            return None
        address = f"{self.url}/azureml/dags/{dag}/{part}?{urlencode({'run_id': run, 'task_id': task})}"
        try:
            return self._send("GET", address, None, {"Authorization": f"Bearer {self._token}"})
        except (ApiError, ValueError):
            return None

    def until(self, what: str, probe: Callable[[], T | None], *, timeout: float = 180, pause: float = 0.3) -> T:
        """Ask ``probe`` until it answers something true: more rarely and for longer, as many ask at once."""
        return super().until(what, probe, timeout=timeout, pause=pause)

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database. Only :meth:`move_triggers` and :meth:`write_over` write: it is Airflow's."""
        # A new connection reads the description of all tables, which costs 200 times what a question does.
        if not hasattr(self._own, "database"):
            self._own.database = connected(self.home / "airflow.db")
        rows: list[tuple[Any, ...]] = self._own.database.execute(query, values).fetchall()
        return rows

    def trigger(self, dag: str, run: str, *, conf: dict[str, Any] | None = None, day: date | None = None) -> None:
        """Switch a DAG on and start a run of it.

        :param day: the run's logical date (3.x); without one it has none.
        """
        self.unpause(dag)
        of_day = ("--logical-date", f"{day}T00:00:00+00:00") if day else ()
        self.command("dags", "trigger", dag, "--run-id", run, "--conf", json.dumps(conf or {}), *of_day)

    def add_connection(self, name: str, connection: str, **other: str) -> None:
        """Put a connection into the database (3.x by REST).

        :param connection: as JSON, like a variable ``AIRFLOW_CONN_…`` has it.
        :param other: what is to be otherwise in it.
        """
        given = json.loads(connection)
        body = {"connection_id": name, **given, "extra": json.dumps(given["extra"]), **other}
        self.api("POST", "/connections", body)

    def unpause(self, dag: str) -> None:
        """Wait until a DAG is known and switch it on; examples with a time in their schedule have none here."""
        known = "SELECT is_paused FROM dag JOIN serialized_dag USING (dag_id) WHERE dag_id = ?"
        rows = self.until(f"DAG {dag}", lambda: self.sql(known, dag))
        if rows[0][0]:
            self.command("dags", "unpause", dag)

    def run_state(self, dag: str, run: str) -> str | None:
        """Tell the state of a DAG run."""
        rows = self.sql("SELECT state FROM dag_run WHERE dag_id = ? AND run_id = ?", dag, run)
        return rows[0][0] if rows else None

    def states(self, dag: str, run: str) -> dict[str, str | None]:
        """Tell the state of each task of a run; a mapped one's key ends in ``[index]``."""
        query = "SELECT task_id, map_index, state FROM task_instance WHERE dag_id = ? AND run_id = ?"
        return {t if index < 0 else f"{t}[{index}]": state for t, index, state in self.sql(query, dag, run)}

    def column(self, name: str, dag: str, run: str, task: str) -> Any:
        """Read one column of a task instance's row, such as ``state``, ``pid``, ``try_number``."""
        query = f"SELECT {name} FROM task_instance WHERE dag_id = ? AND run_id = ? AND task_id = ?"
        rows = self.sql(query, dag, run, task)
        return rows[0][0] if rows else None

    def wait_state(self, dag: str, run: str, task: str, *states: str, timeout: float = 180) -> str:
        """Wait until a task is in one of these states."""

        def look() -> str | None:
            state: str | None = self.column("state", dag, run, task)
            return state if state in states else None

        return self.until(f"{task} {' or '.join(states)} in {dag} {run}", look, timeout=timeout)

    def wait_run(self, dag: str, run: str, timeout: float = 180) -> str:
        """Wait until a DAG run has ended and give back its state."""

        def look() -> str | None:
            state = self.run_state(dag, run)
            return state if state in ENDED else None

        return self.until(f"end of {dag} {run}", look, timeout=timeout)

    def mistaken(self, dag: str, run: str) -> list[str]:
        """The tasks of a run that the scheduler has failed by a mistake of its own.

        It takes the end of a task's process, which it hears of late, for that of the next one, when the task was put
        off and has its event by then (Airflow 3.3.2, ``jobs/scheduler_job_runner.py``, ``process_executor_events``).
        """
        query = "SELECT DISTINCT task_id FROM log WHERE dag_id = ? AND run_id = ? AND event = 'state mismatch'"
        return [row[0] for row in self.sql(query, dag, run)]

    def xcom(self, dag: str, run: str, task: str, key: str = "return_value", map_index: int = -1) -> Any:
        """Read an XCom (3.x by REST, 2.11 from the database, where it is JSON); None when there is none."""
        if self.major == 2:
            query = (
                "SELECT value FROM xcom WHERE dag_id = ? AND run_id = ? AND task_id = ? AND key = ? AND map_index = ?"
            )
            rows = self.sql(query, dag, run, task, key, map_index)
            return json.loads(rows[0][0]) if rows else None
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/{key}?map_index={map_index}"
        return (self.find(path) or {}).get("value")

    def clear(self, dag: str, run: str, task: str, *, downstream: bool = False) -> None:
        """Clear a task, as the button does (3.x by REST, 2.11 by its command line).

        :param downstream: and all that follow it.
        """
        if self.major == 2:
            query = "SELECT execution_date FROM dag_run WHERE dag_id = ? AND run_id = ?"
            day = f"{self.sql(query, dag, run)[0][0]}+00:00"
            more = ("--downstream",) if downstream else ()
            self.command("tasks", "clear", dag, "--task-regex", task, "-s", day, "-e", day, "--yes", *more)
            return
        body = {
            "dry_run": False,
            "dag_run_id": run,
            "task_ids": [task],
            "only_failed": False,
            "include_downstream": downstream,
            "reset_dag_runs": True,
        }
        self.api("POST", f"/dags/{dag}/clearTaskInstances", body)

    def mark(self, dag: str, run: str, task: str, state: str) -> None:
        """Mark a task as ``failed`` or ``success``, as the button does (3.x by REST)."""
        self.api("PATCH", f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}", {"new_state": state})

    def mark_run(self, dag: str, run: str, state: str) -> None:
        """Mark a DAG run as ``failed`` or ``success`` (3.x by REST)."""
        self.api("PATCH", f"/dags/{dag}/dagRuns/{run}", {"state": state})

    def delete_run(self, dag: str, run: str) -> None:
        """Delete a DAG run (3.x by REST)."""
        self.api("DELETE", f"/dags/{dag}/dagRuns/{run}")

    def end_task(self, dag: str, run: str, task: str) -> None:
        """Ask the process of a running task to end (SIGTERM), as a machine that goes down does."""
        os.kill(int(self.column("pid", dag, run, task)), signal.SIGTERM)

    def kill_task(self, dag: str, run: str, task: str, *, supervisor: bool = False) -> None:
        """Kill the process of a running task with SIGKILL, and the worker that watches over it where asked for."""
        pid = int(self.column("pid", dag, run, task))
        watcher = parent(pid)
        if supervisor:
            os.kill(watcher, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End one component by a signal, SIGKILL to all of its processes or another one to its first."""
        process = self.running.pop(name)
        if number is not signal.SIGKILL:
            process.send_signal(number)
            process.wait(120)
            return
        for pid in [process.pid, *descendants(process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(120)

    def move_triggers(self, source: int, target: int, *, every: int = 1) -> int:
        """Give one triggerer's triggers to another, as Airflow does when a heartbeat is late; returns how many.

        :param every: all of them; 2 moves about a half.
        """
        statement = "UPDATE trigger SET triggerer_id = ? WHERE triggerer_id = ? AND id % ? = 0"
        with contextlib.closing(sqlite3.connect(self.home / "airflow.db", timeout=30)) as database, database:
            return database.execute(statement, (target, source, every)).rowcount

    def write_over(self, dag: str, run: str, task: str, state: str) -> None:
        """Write a task's state over the one that it has, as a scheduler does that has read it before that was set."""
        write_state(self.home / "airflow.db", state, dag_id=dag, run_id=run, task_id=task)

    @contextlib.contextmanager
    def database_locked(self) -> Iterator[None]:
        """Let nobody else write to the database, as one that is overloaded does."""
        with contextlib.closing(sqlite3.connect(self.home / "airflow.db", timeout=60)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.rollback()

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stop a component's first process where it is, and let it go on: a triggerer's others still run."""
        process = self.running[name]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def triggerers(self) -> list[int]:
        """List the job ids of the triggerers that run, the oldest first."""
        rows = self.sql("SELECT id FROM job WHERE job_type = 'TriggererJob' AND state = 'running' ORDER BY id")
        return [row[0] for row in rows]

    def second_triggerer(self) -> int:
        """Start another triggerer beside the first and give back its job id; ``kill(SECOND)`` ends it."""
        before = self.triggerers()
        self.running[SECOND] = self.begin(["triggerer", "--skip-serve-logs"], self.home / "second-triggerer.log")
        return self.until(SECOND, lambda: [one for one in self.triggerers() if one not in before])[0]

    def trigger_log(self, dag: str, run: str, task: str, triggerer: int) -> str:
        """Give what one triggerer (a job id) wrote to a task's log; empty when it wrote nothing."""
        places = self.home.glob(f"logs/dag_id={dag}/run_id={run}/task_id={task}/**/*.trigger.{triggerer}.log")
        return "\n".join(place.read_text(encoding="utf-8", errors="replace") for place in places)

    def log(self, dag: str, run: str, task: str) -> str:
        """Give the whole log of a task: all tries, what its triggers said included."""
        places = self.home.glob(f"logs/dag_id={dag}/run_id={run}/task_id={task}/**/*.log*")
        return "\n".join(place.read_text(encoding="utf-8", errors="replace") for place in sorted(places))


def parent(pid: int) -> int:
    """Tell a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def descendants(pid: int) -> list[int]:
    """List all processes below one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if parent(int(entry.name)) == pid:
                    found += [int(entry.name), *descendants(int(entry.name))]
    return found
