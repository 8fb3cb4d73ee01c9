"""The command ``snapshot``: what a workspace holds, kept under a name and brought back."""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from azureml_emulator.console.exit_codes import OK
from azureml_emulator.console.presence import DEFAULT_STATE, Presence, RunningError, UsageError
from azureml_emulator.core.settings import read_identity

CONTENT = ("*.sqlite", "*.sqlite-wal", "*.sqlite-shm", "storage", "blocks")
"""What a workspace holds; addresses, keys and made environments belong to the state directory."""

FACTS = "snapshot.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")


def save(options: argparse.Namespace) -> int:
    """Keep what the workspace holds under a name.

    :raises UsageError: the name is not one, or is taken; there is nothing to keep.
    :raises RunningError: the emulator runs.
    """
    state, workspace = stopped(options)
    target = place(state, options.name)
    if target.exists():
        raise UsageError(f"NAME: {options.name!r} exists already. Accepted: another name, or remove {target} first.")
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    for source in content(state):
        copy(source, part / source.name)
    (part / FACTS).write_text(json.dumps({"workspace_id": workspace}), encoding="utf-8")
    part.rename(target)
    print(f"saved: {target}")
    return OK


def load(options: argparse.Namespace) -> int:
    """Put what a snapshot holds in place of what the workspace holds.

    :raises UsageError: there is no such snapshot, or it is another workspace's.
    :raises RunningError: the emulator runs.
    """
    state, workspace = stopped(options)
    source = place(state, options.name)
    if not (source / FACTS).is_file():
        raise UsageError(f"NAME: there is no snapshot {options.name!r} in {state}. Accepted: {listed(state)}.")
    if json.loads((source / FACTS).read_text(encoding="utf-8")).get("workspace_id") != workspace:
        raise UsageError(f"NAME: the snapshot {options.name!r} was made of another workspace than that of {state}.")
    new = [state / f".{row.name}.new" for row in content(source)]
    for old in state.glob(".*.new"):
        remove(old)
    for row, target in zip(content(source), new, strict=True):
        copy(row, target)
    for row in list(content(state)):
        remove(row)
    for target in new:
        target.rename(state / target.name.removeprefix(".").removesuffix(".new"))
    print(f"loaded: {source}")
    return OK


def stopped(options: argparse.Namespace) -> tuple[Path, str]:
    """The state directory of an emulator that does not run, and its workspace's id.

    :raises RunningError: it runs.
    :raises UsageError: it is no state directory.
    """
    presence = Presence(options.state or Path(DEFAULT_STATE))
    if presence.alive():
        raise RunningError(presence.state, presence.pid())
    identity = read_identity(presence.state / "identity.json")
    if identity is None:
        raise UsageError(f"--state: {presence.state} is not an emulator's state directory.")
    return presence.state, identity.workspace_id


def place(state: Path, name: str) -> Path:
    """Where a snapshot is.

    :raises UsageError: it cannot have this name.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"NAME: {name!r} is not accepted. Accepted: up to 100 letters, digits, '.', '-' and '_'.")
    return state / "snapshots" / name


def listed(state: Path) -> str:
    """The names of the snapshots."""
    return ", ".join(sorted(path.parent.name for path in state.glob(f"snapshots/*/{FACTS}"))) or "none was saved"


def content(folder: Path) -> Iterator[Path]:
    """What of a state directory, or of a snapshot, is the workspace's content."""
    for pattern in CONTENT:
        yield from sorted(folder.glob(pattern))


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder."""
    shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)


def remove(path: Path) -> None:
    """Remove a file or a folder."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()
