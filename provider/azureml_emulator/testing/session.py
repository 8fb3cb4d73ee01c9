"""The emulator of a test session, as tests see it."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from azureml_emulator.console.background import BackgroundEmulator, StopError, end_process
from azureml_emulator.console.control_client import RefusedError, call
from azureml_emulator.console.inspection import JOURNAL, row_of
from azureml_emulator.console.presence import CONVENIENCE, Presence, shell_environment
from azureml_emulator.control.journal import Journal
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.settings import SettingsError
from azureml_emulator.core.store import Store
from azureml_emulator.jobs.models import Jobs

NEEDED = ("aiohttp", "certifi", "cryptography", "jwt", "packaging", "trustme")
"""What the extra brings, by the names of modules."""

STARTED: list[BackgroundEmulator] = []
"""Those that this process started. Another process may end them, and Python warns of one that is let go before."""

NOT_INSTALLED = (
    "The fixture azureml_emulator needs what the extra of the provider brings, and {missing} is not installed: "
    "pip install 'airflow-provider-azureml[emulator]'"
)


class UnavailableError(Exception):
    """There is no emulator; the text says why.

    :param is_about_options: the emulator did not start with the options that it was given.
    """

    def __init__(self, text: str, *, is_about_options: bool) -> None:
        super().__init__(text)
        self.is_about_options = is_about_options


class Fault:
    """A fault that a test asked for."""

    def __init__(self, details: Mapping[str, Any], number: int) -> None:
        self._details = details
        self.id = number

    @property
    def count(self) -> int:
        """How often it has come."""
        faults = call(dict(self._details), "GET", "/emulator/faults")["value"]
        return next((int(fault["count"]) for fault in faults if fault["id"] == self.id), 0)


class AzureMLEmulator:
    """A local Azure ML, as one process of the tests sees it: with an application of its own, whose requests, jobs and
    faults are no other process's. ``emulator["studio_url"]`` and the like are the values of ``endpoint.json``.

    :ivar endpoint: the address of its ARM, ``https://…``.
    :ivar airflow_connection: the text for ``AIRFLOW_CONN_AZUREML_DEFAULT``.
    """

    def __init__(self, details: Mapping[str, Any], state: Path) -> None:
        application = call(dict(details), "POST", "/emulator/applications")["client_id"]
        connection = {**json.loads(details["airflow_connection"]), "login": application}
        self._details = {**details, "client_id": application, "airflow_connection": json.dumps(connection)}
        self._state = state
        self._scopes: set[str] = set()
        self._began = ""
        self.endpoint = str(details["endpoint"])
        self.airflow_connection = str(self._details["airflow_connection"])
        self.begin_test()

    def __getitem__(self, key: str) -> Any:
        return self._details[key]

    @property
    def env(self) -> dict[str, str]:
        """The variables that lead the provider, and Microsoft's client, to the emulator: for processes that a test
        starts, such as an Airflow."""
        return shell_environment(self._details)

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that this test made, steps of pipelines among them, the oldest first: ``name``, ``parent``,
        ``type``, ``status``, ``experiment``, ``created_at``, ``started_at``, ``ended_at``."""
        store = Store(self._state / "state.sqlite")
        try:
            made = [job for job in Jobs(store).all() if job.created_by == self._details["client_id"]]
        finally:
            store.close()
        return [row_of(job) for job in made if job.created_at >= self._began]

    def journal(self, path: str = "") -> list[dict[str, Any]]:
        """The requests of this test, the oldest first: ``time``, ``method``, ``path``, ``status``,
        ``client_request_id``, ``job``. Requests with a signed address and no token have no sender and are not among
        them.

        :param path: only those whose path contains this text.
        """
        with contextlib.closing(Journal(self._state / JOURNAL)) as journal:
            entries = [entry for entry in journal.entries(path) if entry.caller == self._details["client_id"]]
        return [entry.to_dict() for entry in entries if entry.time >= self._began]

    def fault(self, kind: str, **options: Any) -> Fault:
        """Ask for a fault, which is gone after the test.

        :param options: ``route``, ``times``, ``status``, ``delay``, ``when``, ``requeue``, ``scope``, ``then``, as
            ``azureml-emulator fault add`` takes them. Without ``scope`` it is for this test alone.
        :raises ValueError: naming what was given and what is accepted.
        """
        options.setdefault("scope", self._details["client_id"])
        try:
            made = call(self._details, "POST", "/emulator/faults", {"kind": kind, **options})
        except RefusedError as error:
            raise ValueError(str(error)) from None
        self._scopes.add(str(made["scope"]))
        return Fault(self._details, int(made["id"]))

    def seed(self, folder: str | os.PathLike[str]) -> list[dict[str, str]]:
        """Register what the CLI's YAML files below a folder describe, as ``azureml-emulator start --seed`` does. It
        stays for the session, and for all workers.

        :returns: a row for each: ``file``, ``kind``, ``name``, ``version``.
        :raises ValueError: a file cannot be registered; naming file and field, what was given and what is accepted.
        """
        try:
            made = call(self._details, "POST", "/emulator/seed", {"folder": os.path.abspath(folder)})
        except RefusedError as error:
            raise ValueError(str(error)) from None
        return [dict(row) for row in made["value"]]

    def begin_test(self) -> None:
        """What is asked from now on is asked by another test."""
        self._began = stamp(now())

    def end_test(self) -> None:
        """Forget the faults that the test asked for."""
        while self._scopes:
            call(self._details, "DELETE", f"/emulator/faults?scope={self._scopes.pop()}")

    @contextlib.contextmanager
    def as_default(self) -> Iterator[None]:
        """Make it the connection ``azureml_default`` of this process and of those that it starts."""
        wanted = {"AIRFLOW_CONN_AZUREML_DEFAULT": self.airflow_connection}
        wanted |= {name: value for name, value in CONVENIENCE.items() if name not in os.environ}
        for name in ("NO_PROXY", "no_proxy"):
            wanted[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def join(state: Path, options: Sequence[str]) -> AzureMLEmulator:
    """The emulator of a state directory; the first process that asks starts it.

    :param options: those of ``azureml-emulator start``.
    :raises UnavailableError: it did not start.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UnavailableError(NOT_INSTALLED.format(missing=", ".join(missing)), is_about_options=False)
    with open(state.with_name(f"{state.name}.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        presence = Presence(state)
        try:
            if not presence.alive():
                STARTED.append(BackgroundEmulator(state, options))
            details = presence.endpoint()
        except SettingsError as error:
            raise UnavailableError(str(error).strip().splitlines()[-1], is_about_options=True) from None
        return AzureMLEmulator(details, state)


def end(state: Path) -> None:
    """End the emulator of a state directory, if it runs."""
    presence = Presence(state)
    pid = presence.pid()
    if presence.alive() and pid is not None:
        with contextlib.suppress(StopError):
            end_process(pid, lambda: not presence.alive())
    for emulator in STARTED:
        emulator.process.poll()
