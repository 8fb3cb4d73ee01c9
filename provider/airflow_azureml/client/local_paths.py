"""Local files of a transfer: where a blob goes below a folder, and what cannot be read or written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from airflow_azureml.rest.errors import Problem, SpecError


def inside(root: Path, relative: str) -> Path:
    """Where a blob goes below the target.

    :raises SpecError: its name leads outside of the folder.
    """
    parts = [part for part in relative.split("/") if part]
    bad = relative.startswith("/") or not parts or any(part in (".", "..") or "\0" in part for part in parts)
    if bad or (os.name == "nt" and any("\\" in part or ":" in part for part in parts)):
        raise SpecError([Problem("", f"The blob name {relative!r} leads outside of {root}; nothing was downloaded.")])
    return root.joinpath(*parts)


def refuse_existing(paths: Sequence[Path]) -> None:
    """Refuse to write over files that are there, before the first byte is fetched."""
    existing = [str(path) for path in paths if path.exists()]
    if existing:
        named = ", ".join(existing[:3]) + (f" and {len(existing) - 3} more" if len(existing) > 3 else "")
        raise SpecError([Problem("overwrite", f"False, but {named} exist(s). Accepted: True, or another folder.")])


def unusable(path: str, verb: str, error: OSError) -> SpecError:
    """A local file cannot be read or written."""
    return SpecError([Problem("", f"{path} cannot be {verb}: {error.strerror or error}.")])
