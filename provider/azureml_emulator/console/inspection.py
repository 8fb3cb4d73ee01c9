"""Commands that ask about a running or an ended emulator: doctor, journal, download."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from pathlib import Path

from azureml_emulator.console import doctor
from azureml_emulator.console.downloads import download
from azureml_emulator.console.exit_codes import FAILURE, OK
from azureml_emulator.console.presence import DEFAULT_STATE, NotRunningError, Presence, UsageError, chosen
from azureml_emulator.control.journal import Journal
from azureml_emulator.core.store import Store
from azureml_emulator.jobs.models import Job, Jobs

JOURNAL = "journal.sqlite"


def diagnose(options: argparse.Namespace) -> int:
    """Print what would keep a client from reaching the emulator; exit 1 when there is something."""
    findings = doctor.examine(chosen(options.state).endpoint(), os.environ)
    for finding in findings:
        print(finding)
    if findings:
        return FAILURE
    print("ok: clients started from this shell reach the emulator")
    return OK


def show_journal(options: argparse.Namespace) -> int:
    """Print the requests received or the jobs made; works when the emulator has ended, too."""
    if options.path is not None and options.jobs:
        raise UsageError("--path is for requests, without --jobs.")
    if options.experiment is not None and not options.jobs:
        raise UsageError("--experiment is for jobs, with --jobs.")
    state = recorded(options.state)
    rows = jobs_made(state, options.experiment) if options.jobs else requests_received(state, options.path)
    if options.json:
        print(json.dumps(rows, indent=2))
        return OK
    for row in rows:
        print("  ".join("-" if value is None else str(value) for value in row.values()))
    return OK


def recorded(state: Path | None) -> Path:
    """The state directory whose records are meant: the named one, else this folder's, else that of the one that runs.

    :raises NotRunningError: no emulator has ever run there.
    """
    here = Path(DEFAULT_STATE)
    directory = Presence(here).state if state is None and (here / JOURNAL).exists() else chosen(state).state
    if not (directory / JOURNAL).exists():
        raise NotRunningError(directory)
    return directory


def requests_received(state: Path, path: str | None) -> list[dict[str, object]]:
    """The requests in the journal, the oldest first: all, or those whose path contains a text."""
    with contextlib.closing(Journal(state / JOURNAL)) as journal:
        return [entry.to_dict() for entry in journal.entries(path or "")]


def jobs_made(state: Path, experiment: str | None) -> list[dict[str, object]]:
    """Name, parent, type, status, experiment and times of the jobs in the store, the oldest first: all, or those of
    an experiment."""
    store = Store(state / "state.sqlite")
    try:
        jobs = Jobs(store)
        return [row_of(job) for job in (jobs.all() if experiment is None else jobs.of_experiment(experiment))]
    finally:
        store.close()


def row_of(job: Job) -> dict[str, object]:
    """A job as ``journal --jobs`` shows it."""
    return {
        "name": job.name,
        "parent": job.parent,
        "type": job.definition.get("jobType"),
        "status": job.status,
        "experiment": job.experiment,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }


def download_output(options: argparse.Namespace) -> int:
    """Copy an output of a job into a folder, and print the files written."""
    for path in download(recorded(options.state), options.job, options.output, options.folder):
        print(path)
    return OK
