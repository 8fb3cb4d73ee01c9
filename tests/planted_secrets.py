"""Secrets that a run is given on purpose, and the search for them in what the run leaves and in its processes."""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import requests

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.rest.flow import Call
from tests.real_airflow import RealAirflow, descendants

DAG = "planted"
"""The DAG in ``tests/bundles/dags`` whose tasks are given them."""

FAILING = ("fails", "refused", "another_login", "sensor")
"""Its tasks that fail."""

SIGNATURE = re.compile(rb"[?&]sig=[A-Za-z0-9%+/=]{20,}")
TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.(eyJ[A-Za-z0-9_-]{10,})\.[A-Za-z0-9_-]*")


class Planted:
    """Secrets, and where they are found.

    :param secret_of: the secrets by what is said of them.
    """

    def __init__(self, secret_of: Mapping[str, str]) -> None:
        self._forms = {name: spellings(secret) for name, secret in secret_of.items()}
        for name, forms in self._forms.items():
            assert all(name in self.found_in(b"x" + form) for form in forms), f"{name} would be found"

    def found_in(self, content: bytes) -> set[str]:
        """Which of the secrets, and of all signatures and tokens for Azure, stand in something."""
        found = {name for name, forms in self._forms.items() if any(form in content for form in forms)}
        if SIGNATURE.search(content):
            found.add("a signature of storage")
        for match in TOKEN.finditer(content):
            claims = base64.urlsafe_b64decode(match[1] + b"=" * (-len(match[1]) % 4))
            if b'"tid"' in claims:  # of a tenant, which Airflow's own tokens have not
                found.add("a token for Azure")
        return found

    def found_in_files(self, places: Iterable[Path]) -> set[str]:
        """The same of files, each with its place."""
        return {f"{name} in {place}" for place in places for name in self.found_in(_read(place))}


def plant(airflow: RealAirflow, endpoint: Mapping[str, Any]) -> Planted:
    """Give an Airflow a variable and a connection that are secret, and know those of its own connection, too.

    :param endpoint: of the emulator.
    """
    with AzureMLHook().client() as client:
        path = f"{client.workspace.path}/datastores/workspaceblobstore/listSecrets"
        storage = client.run(Call("POST", path, parse=lambda reply: reply.json()))
    variable, other = (f"planted-{secrets.token_urlsafe(24)}+/=" for _ in range(2))
    found = Planted(
        {
            "the secret": str(endpoint["client_secret"]),
            "a key": str(storage.get("key") or storage["sasToken"]),
            "a variable": variable,
            "a wrong secret": other,
        }
    )
    assert found.found_in(a_token(endpoint).encode()) == {"a token for Azure"}
    airflow.api("POST", "/variables", {"key": "planted_password", "value": variable})
    airflow.add_connection("planted_login", endpoint["airflow_connection"], password=other)
    return found


def a_token(endpoint: Mapping[str, Any]) -> str:
    """A token as the tasks get theirs."""
    form = {
        "grant_type": "client_credentials",
        "client_id": endpoint["client_id"],
        "client_secret": endpoint["client_secret"],
        "scope": f"{endpoint['endpoint']}/.default",
    }
    address = f"{endpoint['endpoint']}/{endpoint['tenant_id']}/oauth2/v2.0/token"
    return str(requests.post(address, data=form, verify=endpoint["ca_bundle"], timeout=60).json()["access_token"])


def spellings(secret: str) -> set[bytes]:
    """How a secret may be written: as it is, quoted, in JSON, in base64 at each offset."""
    plain = secret.encode()
    packed = {base64.b64encode(b"x" * offset + plain)[offset and 4 : -4] for offset in range(3)}
    texts = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    return {text.encode() for text in texts} | packed


def left_by(
    airflow: RealAirflow, planted: Planted, begin: Callable[[], None], run: str, *further: Path, processes: int
) -> set[str]:
    """What is found of the secrets in the processes while their DAG runs, and afterwards in what has been written.

    :param begin: begins the run.
    :param further: folders beside Airflow's home and the emulator's journal.
    :param processes: so many must have been looked at, at least.
    """
    watch = Watch(lambda: [process.pid for process in airflow.running.values()], planted)
    try:
        begin()
        airflow.wait_run(DAG, run, timeout=900)
    finally:
        in_processes = watch.end()
    states = airflow.states(DAG, run)
    assert {name: state for name, state in states.items() if state != "success"} == dict.fromkeys(FAILING, "failed")
    assert len(watch.seen) > processes
    written = [place for folder in (airflow.home, *further) for place in files(folder)]
    return in_processes | planted.found_in_files([*written, *airflow.service.state.glob("journal.sqlite*")])


def files(folder: Path) -> Iterator[Path]:
    """All files below a folder."""
    return (place for place in folder.rglob("*") if place.is_file() and not place.is_symlink())


def _read(place: Path) -> bytes:
    """What is in a file; nothing where it has gone meanwhile."""
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return b""


class Watch:
    """Looks at the arguments and environments of processes and those below them, until it is stopped.

    :param roots: gives their numbers, which change as parts are started again.
    """

    def __init__(self, roots: Callable[[], Iterable[int]], planted: Planted) -> None:
        self.found: set[str] = set()
        self.seen: set[int] = set()
        self._roots, self._planted = roots, planted
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(1):
            roots = list(self._roots())
            for pid in [*roots, *(below for root in roots for below in descendants(root))]:
                for part in ("cmdline", "environ"):
                    try:
                        content = Path(f"/proc/{pid}/{part}").read_bytes()
                    except OSError:
                        continue
                    self.seen.add(pid)
                    self.found |= {f"{name} in a process's {part}" for name in self._planted.found_in(content)}

    def end(self) -> set[str]:
        """Stop; what was found."""
        self._stop.set()
        self._thread.join()
        return self.found
