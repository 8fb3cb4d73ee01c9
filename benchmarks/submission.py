"""Requests, seconds and CPU of a submission, ours beside azure-ai-ml's, against the same emulator.

Both sides run in processes of their own in which Airflow is loaded, as on a worker, and take turns. *First* is the
first submission of a fresh process: it pays for the imports, the client and the token. *Next* is the one after it, with
the client or hook that the process has. The job has code and an input's data on the local disk, and an environment that
is written out; *unchanged* means that all of it is there already, otherwise so many files of 4 KB are new in the
input's folder.

Prints a table and a line of JSON; ``--rounds`` and ``--sizes`` say how much is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
SIDES = {"ours": Path(sys.executable), "azure-ai-ml": REPOSITORY / ".venvs" / "sdk" / "bin" / "python"}
FILE_SIZE = 4096
FIGURES = ("requests", "seconds", "cpu", "login")
LOGIN = ("/oauth2/", "/.well-known/", "/metadata/", "/common/discovery")
"""Parts of the paths that are asked to sign in, or to find out who a custom endpoint is."""

Row = dict[str, float]

Submit = Callable[[str, str], None]
"""Submits the job in a folder under a name."""


# -- one side, in a process of its own


def ours() -> Submit:
    """Our hook, as a task would use it."""
    from airflow_azureml.hooks.azureml import AzureMLHook

    hook = AzureMLHook()

    def submit(folder: str, name: str) -> None:
        hook.create_job(f"{folder}/job.yml", name)

    return submit


def microsofts() -> Submit:
    """azure-ai-ml, with the credential that asks least."""
    ml, identity = import_module("azure.ai.ml"), import_module("azure.identity")
    names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    credential = identity.ClientSecretCredential(*(os.environ[name] for name in names), disable_instance_discovery=True)
    place = ("AZUREML_SUBSCRIPTION_ID", "AZUREML_RESOURCE_GROUP", "AZUREML_WORKSPACE_NAME")
    client = ml.MLClient(credential, *(os.environ[name] for name in place))

    def submit(folder: str, name: str) -> None:
        job = ml.load_job(f"{folder}/job.yml")
        job.name = name
        client.jobs.create_or_update(job)

    return submit


def load_airflow() -> None:
    """Load what a process on a worker has loaded before it executes a task."""
    import airflow
    from airflow.models import baseoperator  # noqa: F401

    if airflow.__version__ >= "3":
        from airflow.sdk.execution_time import task_runner  # noqa: F401


def serve(side: str) -> None:
    """Load Airflow, say so, then submit each job that is asked for, and answer with seconds and CPU."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    load_airflow()
    submit: Submit | None = None
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        folder, name = json.loads(line)
        began, cpu = time.perf_counter(), time.process_time()
        submit = submit or {"ours": ours, "azure-ai-ml": microsofts}[side]()
        submit(folder, name)
        row = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        print(json.dumps(row), file=answers, flush=True)


# -- both sides


class Process:
    """One side's process, with Airflow loaded."""

    def __init__(self, side: str, environment: dict[str, str], log: Path) -> None:
        self.process = subprocess.Popen(
            [SIDES[side], "-W", "ignore", __file__, "--serve", side],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("a"),
            text=True,
        )
        self.log = log
        self.answer()

    def answer(self) -> Row:
        """Its next answer."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a side ended early:\n{self.log.read_text()[-3000:]}")
        row: Row = json.loads(line)
        return row

    def submit(self, folder: Path) -> Row:
        """Submit the job in a folder."""
        assert self.process.stdin
        print(json.dumps([str(folder), f"bench-{uuid.uuid4().hex}"]), file=self.process.stdin, flush=True)
        return self.answer()

    def close(self) -> None:
        """End it."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Ground:
    """An emulator, and folders with jobs."""

    def __init__(self, place: Path) -> None:
        self.place, self.state = place, place / "state"
        self.command = SIDES["ours"].with_name("azureml-emulator")
        self.log = place / "log"
        self.tell("start", "--environment", f"*={sys.executable}", "--detach")
        site = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
        exported = dict(
            line.removeprefix("export ").split("=", 1) for line in self.tell("env").splitlines() if "=" in line
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        self.environment = {
            **kept,
            **{name: value.strip("'") for name, value in exported.items()},
            "AIRFLOW_HOME": str(place / "airflow"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "BENCHMARK_PATH": os.pathsep.join([str(REPOSITORY / "provider"), str(site)]),
        }

    def tell(self, *words: str) -> str:
        """One command of the emulator."""
        done = subprocess.run(
            [self.command, *words, "--state", self.state], capture_output=True, text=True, check=True, cwd=self.place
        )
        return done.stdout

    def requests(self) -> list[dict[str, Any]]:
        """All requests so far."""
        rows: list[dict[str, Any]] = json.loads(self.tell("journal", "--json"))
        return rows

    @contextmanager
    def process(self, side: str) -> Iterator[Process]:
        """A fresh process of one side."""
        process = Process(side, self.environment, self.log)
        try:
            yield process
        finally:
            process.close()

    def job(self, new: int) -> Path:
        """A folder with a job; of its data ``new`` files are nowhere else, or else ten that are there."""
        folder = self.place / uuid.uuid4().hex
        mark = folder.name.encode()
        for number in range(3):
            write(folder / "src" / f"module{number}.py", b"print(1)\n")
        for number in range(max(new, 10)):
            write(folder / "data" / f"{number:05}.bin", mark * (FILE_SIZE // len(mark)))
        write(
            folder / "job.yml",
            b"type: command\ncommand: 'true'\ncode: ./src\nenvironment: {image: python}\ncompute: azureml:cpu-cluster\n"
            b"inputs:\n  data: {type: uri_folder, path: ./data}\n",
        )
        return folder


def write(path: Path, content: bytes) -> None:
    """A file in a folder that may be missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def measured(ground: Ground, process: Process, folder: Path) -> Row:
    """Submit once, and count."""
    before = len(ground.requests())
    row = process.submit(folder)
    asked = ground.requests()[before:]
    login = sum(any(part in entry["path"] for part in LOGIN) for entry in asked)
    return {**row, "requests": len(asked) - login, "login": login}


def measure(ground: Ground, rounds: int, sizes: list[int]) -> dict[str, dict[str, list[Row]]]:
    """Submit with both sides in turns; the rows of each by what was submitted."""
    found: dict[str, dict[str, list[Row]]] = {}
    unchanged = ground.job(0)
    for side in SIDES:
        with ground.process(side) as process:
            process.submit(unchanged)
    for number in range(rounds):
        for size in sizes:
            for side in list(SIDES)[:: 1 if number % 2 else -1]:
                with ground.process(side) as process:
                    for when in ("first", "next"):
                        folder = ground.job(size) if size else unchanged
                        what = f"{when}, {f'{size:,} new files' if size else 'unchanged'}"
                        row = measured(ground, process, folder)
                        found.setdefault(what, {name: [] for name in SIDES})[side].append(row)
                        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def summed_up(found: dict[str, dict[str, list[Row]]]) -> dict[str, dict[str, Any]]:
    """Medians of both sides, and ours as a share of azure-ai-ml's."""
    table: dict[str, dict[str, Any]] = {}
    for what, rows in found.items():
        medians = {
            side: {name: round(statistics.median(row[name] for row in rows[side]), 3) for name in FIGURES}
            for side in SIDES
        }
        ours, theirs = medians["ours"], medians["azure-ai-ml"]
        table[what] = {**medians, "ratio": {name: round(ours[name] / theirs[name], 2) for name in FIGURES[:3]}}
    return table


def main() -> None:
    """Print the table and the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="*", default=[0, 10, 2000], help="new files; 0: nothing is new")
    options = parser.parse_args()
    if options.serve:
        sys.path += os.environ["BENCHMARK_PATH"].split(os.pathsep)
        serve(options.serve)
        return
    if not SIDES["azure-ai-ml"].exists():
        print(f"Skipped: {SIDES['azure-ai-ml']} is missing; `make install` makes it.")
        return
    place = Path(tempfile.mkdtemp(prefix="submission-"))
    ground = Ground(place)
    try:
        load = os.getloadavg()[0]
        table = summed_up(measure(ground, options.rounds, options.sizes))
    finally:
        ground.tell("stop")
        shutil.rmtree(place, ignore_errors=True)
    title = f"submission, medians of {options.rounds}: ours / azure-ai-ml"
    print(f"{title:<52}{'requests':>14}{'seconds':>18}{'CPU seconds':>18}   ratios")
    for what, row in table.items():
        cells = [f"{row['ours'][name]:g} / {row['azure-ai-ml'][name]:g}" for name in FIGURES[:3]]
        ratios = "  ".join(f"{row['ratio'][name]:.2f}" for name in FIGURES[:3])
        print(f"{what:<52}{cells[0]:>14}{cells[1]:>18}{cells[2]:>18}   {ratios}")
    print("Requests for tokens, and for the metadata of a custom endpoint, are not counted.")
    print(json.dumps({"load": load, "cores": os.cpu_count(), "rows": table}))


if __name__ == "__main__":
    main()
