"""The files of a scoring job: what is scored, in mini-batches; the model; the result and the reports.

A part of the batch driver, which imports it from its own folder: the standard library only.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class JobError(Exception):
    """Scoring cannot go on; the text ends the job's log."""


@dataclass
class Batch:
    """One mini-batch.

    :param files: the paths of its files; of a table a DataFrame of its rows.
    :param partition: the values of the keys that its rows have in common; None where it is not cut by keys.
    :param tries: how often it was given to a worker.
    :param rows: what ``run`` returned, a line of text for each element; None before it returned.
    """

    number: int
    files: Any
    partition: dict[str, Any] | None = None
    tries: int = 0
    rows: list[str] | None = None
    count: int = 0


@dataclass
class Totals:
    """What became of the files."""

    succeeded: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)


def cut(files: list[str], size: int) -> Iterator[Batch]:
    """Mini-batches of at most so many files."""
    for number, start in enumerate(range(0, len(files), size)):
        yield Batch(number, files[start : start + size])


def input_files(place: Path, *, nested: bool = False) -> list[str]:
    """The files to score, by name. Folders inside of a folder are not looked into unless that is asked for.

    Source: Microsoft's page on MLflow models in batch deployments ("nested folder structures aren't explored").

    :raises JobError: there are none.
    """
    if place.is_file():
        return [str(place)]
    entries = sorted(place.rglob("*") if nested else place.iterdir())
    passed_over = [] if nested else [entry.name for entry in entries if entry.is_dir()]
    if passed_over:
        say(f"Warning: folders inside of the input are not looked into: {', '.join(passed_over)}.")
    files = [str(entry) for entry in entries if entry.is_file()]
    if not files:
        raise JobError("The input has no files to score.")
    return files


def lay_out_model(place: Path, name: str, scratch: Path) -> Path:
    """A folder that holds the model under its own name, which is what ``AZUREML_MODEL_DIR`` names.

    The job's own copy is moved there: MLflow refuses models behind symbolic links.
    """
    folder = scratch / "azureml-models"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(place, folder / (name or place.name))
    return folder


def result_file(place: Path, file_name: str) -> Path:
    """Where rows are appended: the output itself when it is a file, else a file in its folder."""
    return place / file_name if place.is_dir() else place


def say(text: str) -> None:
    """Write to the job's log."""
    print(f"[batch] {text}", flush=True)


def write_reports(totals: Totals, failure: str | None) -> None:
    """The two short logs that Microsoft's troubleshooting page names first."""
    overview = [
        f"Files succeeded: {totals.succeeded}",
        f"Files failed: {totals.failed}",
        failure or "The job succeeded.",
    ]
    user = Path("logs", "user")
    user.mkdir(parents=True, exist_ok=True)
    Path("logs", "job_progress_overview.txt").write_text("\n".join(overview) + "\n", encoding="utf-8")
    if totals.errors or failure:
        texts = [*totals.errors, *([failure] if failure else [])]
        (user / "error.txt").write_text("\n\n".join(texts) + "\n", encoding="utf-8")


def append_rows(batches: list[Batch], target: Path) -> None:
    """Write all rows in the order of the mini-batches, unless the file is there already.

    Source: troubleshooting page: an existing file is not overwritten, and the job succeeds nevertheless.
    """
    if target.exists():
        say(f"Warning: {target.name} exists already at the output; the results are not written.")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8") as file:
        for batch in batches:
            file.writelines(f"{row}\n" for row in batch.rows or [])
    say(f"{sum(batch.count for batch in batches)} results in {target.name}.")
