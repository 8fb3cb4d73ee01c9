"""The batch driver: runs a script over mini-batches of files, inside a job and its interpreter: the scoring job of a
batch deployment, or a parallel step of a pipeline.

A script of the standard library only. Its options are arguments by the names that the service's own
driver takes (recorded ``azureml.parameters``), and in the environment: the places of model, data and result.

What a scoring script may rely on, by Microsoft's page on authoring one: ``init()`` once in each worker, then
``run(mini_batch)`` with a list of file paths, as often as there are mini-batches; the model below
``AZUREML_MODEL_DIR``; the result's folder in ``AZUREML_BI_OUTPUT_PATH``; ``--logging_level`` among the arguments.
Arguments that are not the driver's are the script's own, which sees all of them (*CLI (v2) parallel job YAML schema*).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__:
    from azureml_emulator.execution.minibatches import batch_files, batch_tables
else:
    import batch_files
    import batch_tables  # run as a script: Python looks in the script's own folder first

INPUT, OUTPUT = "AZURE_ML_INPUT_", "AZURE_ML_OUTPUT_"
WORKER = Path(__file__).resolve().with_name("batch_worker.py")
NONE_SUCCEEDED = (
    "No succeeded mini batch item returned from run(). "
    "Please check 'response: run()' in https://aka.ms/batch-inference-documentation."
)
"""Source: Microsoft's page on troubleshooting batch endpoints."""

INIT_TRIES = 3
"""How often a worker is started again whose ``init()`` does not end well (the service's number is unproven)."""


@dataclass
class Worker:
    """A process that holds the scoring script.

    :param batch: the mini-batch it is at.
    :param deadline: when that mini-batch has taken too long, by the monotonic clock.
    """

    process: subprocess.Popen[bytes]
    pipe: Connection
    batch: batch_files.Batch | None = None
    deadline: float | None = None
    ready: bool = False


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The driver's arguments."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--scoring_module_name", required=True, help="the script, below the working directory")
    parser.add_argument("--input", default="data", help="the input whose files are cut into mini-batches")
    parser.add_argument("--output", default="score", help="the output that rows are appended to; empty: none")
    parser.add_argument("--model", default="model", help="the input that is the model; empty: none")
    parser.add_argument("--model_name", default="", help="what the model's file or folder is to be called")
    parser.add_argument("--nested", action="store_true", help="take files in folders inside of the input, too")
    parser.add_argument("--table", action="store_true", help="the input is a table, and sizes are in bytes")
    parser.add_argument("--table_keys", type=json.loads, default=[], help="columns by which a table is cut, as JSON")
    parser.add_argument("--mini_batch_size", type=int, default=10)
    parser.add_argument("--error_threshold", type=int, default=-1)
    parser.add_argument("--mini_batch_error_threshold", type=int, default=-1)
    parser.add_argument("--allowed_failed_percent", type=float, default=100)
    parser.add_argument("--run_invocation_timeout", type=float, default=30)
    parser.add_argument("--run_max_retries", type=int, default=3)
    parser.add_argument("--process_count", type=int, default=1)
    parser.add_argument("--logging_level", default="Info")
    parser.add_argument("--output_action", choices=("append_row", "summary_only"), default="append_row")
    parser.add_argument("--append_row_file_name", default="predictions.csv")
    return parser.parse_known_args(words)[0]


class Driver:
    """Hands mini-batches to workers until all are done or too many files have failed."""

    def __init__(self, options: argparse.Namespace, script: Path, batches: list[batch_files.Batch]) -> None:
        self._options = options
        self._script = script
        self._batches = batches
        self._waiting = deque(batches)
        self._workers: list[Worker] = []
        self._init_failures = self._failed_batches = 0
        self._items = "rows" if options.table else "files"
        self.totals = batch_files.Totals()

    def run(self) -> None:
        """Score everything.

        :raises JobError: more files failed than the threshold allows, none succeeded, or the script cannot begin.
        """
        number = max(1, min(self._options.process_count, len(self._batches), os.cpu_count() or 1))
        try:
            self._workers = [self._start() for _ in range(number)]
            while any(batch.rows is None for batch in self._batches):
                self._turn()
        finally:
            for worker in self._workers:
                self._end(worker, at_once=worker.batch is not None or not worker.ready)
        if self.totals.succeeded == 0:
            raise batch_files.JobError(NONE_SUCCEEDED)
        percent, allowed = 100 * self._failed_batches / len(self._batches), self._options.allowed_failed_percent
        if percent > allowed:
            raise batch_files.JobError(
                f"{percent:g} % of the mini-batches have failed; allowed_failed_percent allows {allowed:g} %."
            )

    def _turn(self) -> None:
        """Give work to idle workers, then wait for the next answer, end or time-out."""
        for worker in self._workers:
            if worker.ready and worker.batch is None and self._waiting:
                self._give(worker, self._waiting.popleft())
        deadlines = [worker.deadline for worker in self._workers if worker.deadline is not None]
        patience = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        ready = wait([worker.pipe for worker in self._workers], patience)
        for worker in list(self._workers):
            if worker.pipe in ready:
                self._hear(worker)
            elif worker.deadline is not None and time.monotonic() >= worker.deadline:
                seconds = self._options.run_invocation_timeout
                self._replace(worker, f"run() did not return within {seconds:g} seconds; its process was ended.")

    def _give(self, worker: Worker, batch: batch_files.Batch) -> None:
        batch.tries += 1
        worker.batch = batch
        worker.deadline = time.monotonic() + self._options.run_invocation_timeout
        with contextlib.suppress(OSError):  # a worker that has just died is noticed when it is heard
            worker.pipe.send((batch.files, {"minibatch_index": batch.number, "partition_key_value": batch.partition}))

    def _hear(self, worker: Worker) -> None:
        try:
            kind, *rest = worker.pipe.recv()
        except (EOFError, OSError):
            code = worker.process.wait()
            self._replace(worker, f"The process of the scoring script ended with exit code {code}.")
            return
        batch, worker.batch, worker.deadline = worker.batch, None, None
        if kind == "ready":
            worker.ready = True
        elif kind == "fatal":
            raise batch_files.JobError(rest[0].rstrip())
        elif batch and kind == "rows":
            self._succeeded(batch, rest[0], rest[1])
        elif batch:
            self._failed(batch, rest[0].rstrip())

    def _replace(self, worker: Worker, reason: str) -> None:
        """Start another process in place of one that died or took too long."""
        self._end(worker, at_once=True)
        self._workers.remove(worker)
        if worker.batch is None:
            self._init_failures += 1
            if self._init_failures >= INIT_TRIES:
                raise batch_files.JobError(f"{reason} (in init(), {INIT_TRIES} times)")
            batch_files.say(reason)
        else:
            self._failed(worker.batch, reason)
        self._workers.append(self._start())

    def _succeeded(self, batch: batch_files.Batch, rows: list[str], count: int) -> None:
        """Take a result. Each element counts as one file that succeeded, so that missing ones are files that failed.

        In a parallel step whose ``error_threshold`` is -1 nobody counts: Microsoft's example
        ``1a_oj_sales_prediction`` returns nothing there.

        Source: Microsoft's YAML reference and page on scoring scripts.
        """
        batch.rows, batch.count = rows, count
        short = max(0, len(batch.files) - count)
        if self._options.nested and self._options.error_threshold == -1:
            short = 0
        self.totals.succeeded += len(batch.files) - short
        batch_files.say(f"Mini-batch {batch.number}: {len(batch.files)} {self._items}, {count} results.")
        if short:
            batch_files.say(
                f"Warning: run() returned {count} results for {len(batch.files)} {self._items}; "
                f"{short} count as failed."
            )
            self._count_failed(short)

    def _failed(self, batch: batch_files.Batch, reason: str) -> None:
        """Try a mini-batch again, or give it up; ``max_retries`` counts the tries after the first (YAML reference)."""
        batch_files.say(
            f"Mini-batch {batch.number} failed (try {batch.tries} of {1 + self._options.run_max_retries}).\n{reason}"
        )
        self.totals.errors.append(f"Mini-batch {batch.number}, try {batch.tries}: {reason}")
        if batch.tries <= self._options.run_max_retries:
            self._waiting.append(batch)
            return
        batch.rows = []
        self._count_failed(len(batch.files))

    def _count_failed(self, number: int) -> None:
        """Count the failed files of a mini-batch, and the mini-batch as one that failed."""
        self.totals.failed += number
        self._failed_batches += 1
        most = self._options.mini_batch_error_threshold
        if 0 <= most < self._failed_batches:
            text = f"{self._failed_batches} mini-batches have failed; mini_batch_error_threshold allows {most}."
            raise batch_files.JobError(text)
        threshold = self._options.error_threshold
        if 0 <= threshold < self.totals.failed:
            raise batch_files.JobError(
                f"{self.totals.failed} {self._items} have failed; error_threshold allows {threshold}."
            )

    def _start(self) -> Worker:
        ours, theirs = socket.socketpair()
        number = theirs.fileno()
        command = [sys.executable, str(WORKER), str(number), str(self._script), *sys.argv[1:]]
        process = subprocess.Popen(command, pass_fds=(number,))
        theirs.close()
        return Worker(process, Connection(ours.detach()))

    def _end(self, worker: Worker, *, at_once: bool = False) -> None:
        if not at_once:
            with contextlib.suppress(OSError):
                worker.pipe.send(None)
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(10)
        worker.process.kill()
        worker.process.wait()
        worker.pipe.close()


def score(options: argparse.Namespace, totals: batch_files.Totals) -> None:
    """Score the input and write the result.

    :raises JobError: the job is to fail, for this reason.
    """
    target = None
    if options.output:
        target = batch_files.result_file(Path(os.environ[OUTPUT + options.output]), options.append_row_file_name)
        os.environ["AZUREML_BI_OUTPUT_PATH"] = str(target.parent)
    if options.model:
        model, scratch = Path(os.environ[INPUT + options.model]), Path(os.environ["TMPDIR"])
        os.environ["AZUREML_MODEL_DIR"] = str(batch_files.lay_out_model(model, options.model_name, scratch))
    script = Path(options.scoring_module_name)
    script = script if script.is_absolute() else Path.cwd() / script
    if not script.is_file():
        raise batch_files.JobError(f"There is no scoring script {options.scoring_module_name!r} in the code.")
    place = Path(os.environ[INPUT + options.input])
    if options.table:
        batches = list(batch_tables.batches(place, options.mini_batch_size, options.table_keys))
        batch_files.say(f"{sum(len(batch.files) for batch in batches)} rows in {len(batches)} mini-batches.")
    else:
        files = batch_files.input_files(place, nested=options.nested)
        batches = list(batch_files.cut(files, options.mini_batch_size))
        batch_files.say(f"{len(files)} files in {len(batches)} mini-batches.")
    driver = Driver(options, script, batches)
    driver.totals = totals
    driver.run()
    if target is not None and options.output_action == "append_row":
        batch_files.append_rows(batches, target)


def main() -> int:
    """Score; answer the exit code."""
    options = arguments(sys.argv[1:])
    totals = batch_files.Totals()
    failure = None
    try:
        score(options, totals)
    except batch_files.JobError as error:
        failure = str(error)
        batch_files.say(f"Error: {failure}")
    batch_files.write_reports(totals, failure)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
