"""Runs Microsoft's public pipelines and sweeps: ``python -m tests.public CHECKOUT FOLDER [PART OF A NAME ...]``.

CHECKOUT is a clone of https://github.com/Azure/azureml-examples, which is read only; everything else lies in FOLDER.
Each file is the ``job`` of an ``AzureMLJobOperator`` (with ``--tasks`` each pipeline that of an
``AzureMLPipelineTaskGroup``, so that its steps are tasks) in a DAG of its own, run by ``dag.test()``, two at a time,
against an emulator with ``--environments build``. What the README of an example has one create before is registered. A
line for each says how it ended, after how many seconds, and what the operator said.
"""

from __future__ import annotations

import argparse
import collections
import json
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from demo.airflow import Airflow
from tests import REPOSITORY
from tests.emulator_fixture import RunningEmulator
from tests.public.files import EXPECTED, JOBS, Example, examples
from tests.public.worker import DAGS

BIN = Path(sys.executable).parent
AT_A_TIME = 2

CURATED = (
    "scikit-learn==1.5.*",
    "pandas==1.5.*",
    "numpy<2",
    "matplotlib",
    "lightgbm==3.3.*",
    "mlflow<2.19",
    "azureml-mlflow",
    "setuptools<81",
)
"""What the curated environments of these examples hold, as far as their scripts need it; no definition is read here.

``mlflow<2.19`` is what trials of pipeline_with_hyperparameter_sweep install themselves. Each has an image of its own in
the service; here they share this environment, and must find it there, for pip cannot run three times in one place.
"""


def make_curated(folder: Path) -> Path:
    """An environment in place of the curated ones, made once."""
    python = folder / "bin" / "python"
    if not python.exists():
        uv = [str(BIN / "uv")]
        subprocess.run(
            [*uv, "venv", "--quiet", "--seed", "--clear", "--python", sys.executable, str(folder)], check=True
        )
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *CURATED], check=True)
    return python


def seeds(checkout: Path, folder: Path) -> Path:
    """Copies of the examples that have one create something, without the files that describe anything else."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, files in EXPECTED.items():
        source, target = checkout / JOBS / name, folder / name
        if not source.is_dir():
            raise SystemExit(f"{source}: not there. Accepted: a checkout of Azure/azureml-examples.")
        shutil.copytree(source, target)
        for file in target.rglob("*.y*ml"):
            if file.relative_to(target).as_posix() not in files:
                file.unlink()
    return folder


def prepared(home: Path, template: Path, rows: list[dict[str, Any]]) -> Airflow:
    """An Airflow whose DAG folder has a DAG for each row."""
    dags = home / "dags"
    dags.mkdir(parents=True)
    (dags / "public.py").write_text(DAGS, encoding="utf-8")
    (dags / "examples.json").write_text(json.dumps(rows), encoding="utf-8")
    airflow = Airflow(BIN, home, dags, settings={"PUBLIC_ENDED": str(home / "ended.txt")})
    airflow.prepare(template)
    return airflow


def work(airflow: Airflow, todo: queue.SimpleQueue[Example], environment: dict[str, str], rows: list[Any]) -> None:
    """Let one worker run what is left, and print how each ended."""
    with (airflow.home / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.public.worker"],
            env={**airflow.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=REPOSITORY,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        while True:
            try:
                example = todo.get_nowait()
            except queue.Empty:
                break
            process.stdin.write(f"{example.dag_id}\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"The worker ended; read {log.name}.")
            row = json.loads(line)
            ended = "Completed" if row["state"] == "success" else "Failed"
            rows.append((example.kind, ended))
            said = " ".join(row["message"].split())
            told = " (with the examples' own iris.csv)" if example.set else ""
            print(f"{ended:<10}{example.kind:<9}{row['seconds']:>5.0f} s  {example.name}{told}  {said}", flush=True)
        process.stdin.close()
        process.wait(timeout=60)


def main() -> None:
    """Print a line per file, and how many ended how."""
    parser = argparse.ArgumentParser(prog="python -m tests.public", description=__doc__)
    parser.add_argument("checkout", type=Path, help="a clone of Azure/azureml-examples")
    parser.add_argument("folder", type=Path, help="where state, environments and logs go")
    parser.add_argument("--tasks", action="store_true", help="run pipelines alone, each step as a task of its own")
    parser.add_argument("part", nargs="*", help="run only files whose path has one of these in it")
    parser.add_argument("--patience", type=float, default=300, help="seconds until a job is cancelled (default 300)")
    words = parser.parse_args()
    checkout, folder = words.checkout.resolve(), words.folder.resolve()
    chosen = [one for one in examples(checkout) if not words.part or any(part in one.name for part in words.part)]
    folder.mkdir(parents=True, exist_ok=True)
    python = make_curated(folder / "curated")
    shutil.rmtree(folder / "run", ignore_errors=True)
    if words.tasks:
        chosen = [one for one in chosen if one.kind == "pipeline"]
    more = {"patience": words.patience, "tasks": words.tasks}
    rows = [{"dag_id": one.dag_id, "path": str(one.path), "set": one.set, **more} for one in chosen]
    place = folder / "run"
    airflows = [prepared(place / f"airflow{number}", place / "airflow.db", rows) for number in range(AT_A_TIME)]
    options = (
        "--environments",
        "build",
        "--environment",
        f"*={python}",
        "--seed",
        str(seeds(checkout, folder / "seeds")),
    )
    emulator = RunningEmulator(folder / "state", *options)
    try:
        environment = {**emulator.env, "AIRFLOW_CONN_AZUREML_DEFAULT": emulator["airflow_connection"]}
        todo: queue.SimpleQueue[Example] = queue.SimpleQueue()
        for one in chosen:
            todo.put(one)
        ended: list[tuple[str, str]] = []
        threads = [threading.Thread(target=work, args=(airflow, todo, environment, ended)) for airflow in airflows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        emulator.stop()
    for (kind, how), count in sorted(collections.Counter(ended).items()):
        print(f"{count} {kind} {how}")


if __name__ == "__main__":
    main()
