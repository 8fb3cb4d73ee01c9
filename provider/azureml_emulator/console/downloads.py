"""Copies of what a job wrote, in a folder of the user's; it works when the emulator has ended, too."""

from __future__ import annotations

import shutil
from pathlib import Path

from azureml_emulator.assets.references import Page, Place, Resolver, UnresolvedError
from azureml_emulator.assets.versions import Versions
from azureml_emulator.console.presence import NotRunningError, UsageError
from azureml_emulator.core.settings import Settings, read_identity
from azureml_emulator.core.store import Store
from azureml_emulator.jobs.artifacts import job_output
from azureml_emulator.jobs.models import Job, Jobs
from azureml_emulator.workspace.datastores import Datastores


def download(state: Path, job_name: str, output: str, target: Path) -> list[Path]:
    """Copy the files of a job's output below a folder, which is made if it is missing.

    :param state: the emulator's state directory.
    :param output: the output's name; ``default`` is the job's artifacts, its logs among them.
    :return: the files written, sorted; a file of a ``uri_file`` output keeps its name.
    :raises UsageError: no such job or output, nothing in it, or a file is already there.
    """
    identity = read_identity(state / "identity.json")
    if identity is None:
        raise NotRunningError(state)
    store = Store(state / "state.sqlite")
    try:
        settings, jobs = Settings(state, "127.0.0.1", identity), Jobs(store)
        resolver = Resolver(settings, Datastores(store), Versions(store), job_output(jobs, settings.artifact_container))
        place = find(resolver, jobs, job_name, output)
    finally:
        store.close()
    source = state / "storage" / place.container / place.path
    if source.is_file():
        return copy([source], source.parent, target)
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else []
    if not files:
        raise UsageError(f"OUTPUT: the output {output!r} of job {job_name} holds no files.")
    return copy(files, source, target)


def find(resolver: Resolver, jobs: Jobs, job_name: str, output: str) -> Place:
    """Where an output lies."""
    job = jobs.get(job_name)
    if job is None:
        raise UsageError(f"JOB: {job_name!r} is not a job of this emulator; `journal --jobs` lists them.")
    try:
        place = resolver.job_output(job_name, output)
    except UnresolvedError:
        known = ", ".join(outputs_of(job)) or "none"
        raise UsageError(
            f"OUTPUT: {output!r} is not an output of job {job_name} ({job.status}). Its outputs: {known}."
        ) from None
    assert not isinstance(place, Page)
    return place


def outputs_of(job: Job) -> list[str]:
    """The names of a job's outputs, ``default`` last."""
    return [*sorted(set(job.outputs) - {"default"}), "default"]


def copy(files: list[Path], root: Path, target: Path) -> list[Path]:
    """Copy files to the same names below another folder; nothing that is there is written over."""
    pairs = [(path, target / path.relative_to(root)) for path in files]
    taken = next((copy for _, copy in pairs if copy.exists()), None)
    if taken:
        raise UsageError(f"DIR: {taken} exists already; nothing was copied.")
    for path, copied in pairs:
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
    return [copied for _, copied in pairs]
