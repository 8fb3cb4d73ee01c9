"""A real Airflow in a folder: its settings, its processes, its REST API. Standard library only.

The Airflow itself lives in another environment's ``bin``. Both 3.x (api-server, dag-processor, scheduler, triggerer)
and 2.11 (scheduler, triggerer) are known here. Tasks run in worker processes (LocalExecutor), the database is SQLite.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from demo import processes
from demo.warm_python import WarmPython

T = TypeVar("T")

COMPONENTS = {3: ("api-server", "dag-processor", "scheduler", "triggerer"), 2: ("scheduler", "triggerer")}
PRELOAD = Path(__file__).with_name("preload.py")
SERVES_LOGS = {"scheduler", "triggerer"}
"""Components that would serve their logs on a fixed port, which a second Airflow on this machine may hold."""


class AirflowError(Exception):
    """Airflow did not do what was asked of it; the text says what and where its logs are."""


class ApiError(AirflowError):
    """Airflow's REST API refused a request."""

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        super().__init__(f"{method} {path}: {status} {text[:500]}")
        self.status = status


class Airflow:
    """One Airflow whose home, database and logs lie in ``home``.

    :param bin: the ``bin`` folder of the environment that Airflow is installed in.
    :param major: 3 or 2, Airflow's major version there.
    :param settings: further environment variables, such as ``AIRFLOW_CONN_AZUREML_DEFAULT``.
    """

    forked = False
    """Whether its components are forks of one interpreter that has loaded Airflow and the provider, and so are the
    workers of its scheduler: else each component needs seconds of a processor to begin, and each task half a one."""

    parser: Sequence[str] = ("airflow.cli.cli_parser",)
    """The modules of Airflow's command line that this interpreter has loaded beside those of the components."""

    def __init__(self, bin: Path, home: Path, dags: Path, *, major: int = 3, settings: Mapping[str, str] | None = None):
        self.bin, self.home, self.dags, self.major = bin, home.resolve(), dags.resolve(), major
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environment = {**processes.inherited(), **self._settings(), **(settings or {})}
        self.running: dict[str, processes.Process] = {}
        self._token: str | None = None

    def _settings(self) -> dict[str, str]:
        settings = {
            "AIRFLOW_HOME": str(self.home),
            # Neither a worker's calls to the API server nor the jobs' to the emulator leave this machine.
            "NO_PROXY": "*",
            "no_proxy": "*",
            "PYTHONWARNINGS": "ignore",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            # One secret for all components; otherwise whoever writes airflow.cfg first decides.
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            # Half the default: a scheduler that looks more often keeps a good part of a core from the tasks.
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
        }
        if self.major == 2:
            # 2.11 refuses LocalExecutor on SQLite, for the sake of installations that are busier than this one.
            return settings | {
                "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
                # SQLite locks no rows: the scheduler and the task before both schedule the next one, and two tries are
                # counted of which one never begins.
                "AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "False",
            }
        return settings | {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": self.url.rsplit(":", 1)[-1],
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            # On a busy machine the API server takes longer than the usual 5 s for its first answers to a worker; a task
            # whose start it has not confirmed fails, and is tried again.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
        }

    def prepare(self, template: Path) -> None:
        """Lay a fresh database in the home: a copy of ``template``, which is made first (some 6 s) if missing."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not template.exists():
            self._make(template)
        for leftover in self.home.glob("airflow.db*"):
            leftover.unlink()
        shutil.copy(template, self.home / "airflow.db")

    def _make(self, template: Path) -> None:
        half_made = template.with_name(f"{template.name}.{os.getpid()}")
        settings = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{half_made}"}
        try:
            self.command("db", "migrate", settings=settings)
            for suffix in ("-wal", "-shm"):
                if Path(f"{half_made}{suffix}").exists():
                    raise AirflowError(f"The database {half_made} is still in use.")
            half_made.rename(template)
        finally:
            for remains in template.parent.glob(f"{half_made.name}*"):
                remains.unlink()

    def command(self, *words: str, settings: Mapping[str, str] | None = None) -> str:
        """Run one of Airflow's own commands to its end and give back what it printed."""
        done = subprocess.run(
            [str(self.bin / "airflow"), *words],
            cwd=self.home,
            env=processes.marked(self.home, {**self.environment, **(settings or {})}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AirflowError(f"airflow {' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def start(self, *names: str) -> None:
        """Start the components of these names, or all."""
        for name in names or COMPONENTS[self.major]:
            words = [name, *(["--skip-serve-logs"] if name in SERVES_LOGS else [])]
            self.running[name] = self.begin(words, self.home / f"{name}.log")

    def begin(self, words: Sequence[str], log: Path) -> processes.Process:
        """Begin one of Airflow's own commands, which runs until it is stopped."""
        if self.forked:
            return self.loaded.start("-m", "airflow", *words, cwd=self.home, outputs=[log, log], leads=True)
        return self.begin_anew(words, log)

    def begin_anew(self, words: Sequence[str], log: Path) -> processes.Process:
        """Begin a command in an interpreter of its own."""
        return processes.start([self.bin / "airflow", *words], home=self.home, environment=self.environment, log=log)

    @cached_property
    def loaded(self) -> WarmPython:
        """The interpreter that the components are forks of; it ends with them."""
        return self.load(self.environment)

    def load(self, environment: Mapping[str, str]) -> WarmPython:
        """Have an interpreter load Airflow and what its components and their tasks need.

        :param environment: what its forks begin with; its ``PYTHONPATH`` says which modules are found.
        """
        commands = [f"airflow.cli.commands.{name.replace('-', '_')}_command" for name in COMPONENTS[self.major]]
        modules: list[str | Path] = [*self.parser]
        if self.forked:
            modules += [*commands, *self.preloaded()]
        return WarmPython(self.bin / "python", processes.marked(self.home, environment), modules)

    def preloaded(self) -> Sequence[Path]:
        """The files that are run in that interpreter, after its commands are loaded."""
        return (PRELOAD,)

    def stop(self) -> None:
        """End all components and whatever they started."""
        processes.stop(list(self.running.values()))
        if "loaded" in vars(self):
            vars(self).pop("loaded").close()
        processes.sweep(self.home)
        self.running.clear()

    def dead(self) -> list[str]:
        """Which components have ended by themselves."""
        return [name for name, process in list(self.running.items()) if process.poll() is not None]

    def until(self, what: str, probe: Callable[[], T | None], *, timeout: float = 90, pause: float = 0.2) -> T:
        """Ask ``probe`` until it answers something true; raise when a component has died or the time is over."""
        deadline = time.monotonic() + timeout
        while True:
            if answer := probe():
                return answer
            if dead := self.dead():
                raise AirflowError(f"Airflow's {' and '.join(dead)} ended by itself; its log lies in {self.home}.")
            if time.monotonic() > deadline:
                raise AirflowError(f"No {what} within {timeout:.0f} s; Airflow's logs lie in {self.home}.")
            time.sleep(pause)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the REST API (3.x), ``path`` below ``/api/v2``, and give back the JSON of its answer."""
        if self._token is None:
            # Everybody on this machine is an administrator here, so the token comes without a password.
            self._token = str(self._send("GET", f"{self.url}/auth/token", None, {})["access_token"])
        return self._send(method, f"{self.url}/api/v2{path}", body, {"Authorization": f"Bearer {self._token}"})

    def _send(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers}, method=method)
        try:
            with OPENER.open(request, timeout=60) as reply:
                answer = reply.read()
        except urllib.error.HTTPError as error:
            raise ApiError(
                method, url.removeprefix(self.url), error.code, error.read().decode(errors="replace")
            ) from None
        return json.loads(answer) if answer else None

    def find(self, path: str) -> Any:
        """Ask the REST API for something that may not be there yet: None when it is missing or nobody answers."""
        with contextlib.suppress(ApiError, OSError):
            return self.api("GET", path)
        return None


PORTS = range(10240, 32000)
"""The ports that are chosen from."""

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Goes straight to the address, whatever proxies the shell names."""


def free_port() -> int:
    """Find a port of 127.0.0.1 on which nothing listens.

    It lies below the range from which systems give ports to whoever asks for any, so that nobody is given it before
    the server listens that it is for.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
